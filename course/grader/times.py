"""When something was handed in: what ``timestamp.txt`` says, as a time in UTC.

nbgrader writes a time with the name of its zone (``2026-11-28 23:30:00.000000 KST``), but reads
names that it doesn't know as UTC, and ``+0900`` after a blank as 15 minutes. Here a name counts if
it is a zone of `Exchange.timezone`, or if all zones of the world that call themselves so at that
time agree. What can't be read for certain isn't read. Left out on purpose: words ("yesterday"), and
dates whose day and month could be taken for one another.
"""

import datetime
import functools
import re
import zoneinfo

STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T]+(?P<time>\d\d:\d\d(?::\d\d(?:\.\d{1,6})?\d*)?) *(?P<zone>\S*)"
)
OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>[0-5]\d)?")
UTC = ("", "Z", "z", "UTC", "GMT")
FORMAT = "%Y-%m-%d %H:%M:%S.%f %Z"  # nbgrader's `Exchange.timestamp_format`


def read(text: str, timezone: str = "UTC", form: str = FORMAT) -> datetime.datetime:
    """Return the time that `text` gives, in UTC and without a zone, as nbgrader keeps it.

    Parameters
    ----------
    text : str
        Date, time, and perhaps a zone: ``UTC``, ``+0900``, ``Asia/Seoul`` or ``KST``. Without one
        it is UTC, as for nbgrader.
    timezone : str
        nbgrader's `Exchange.timezone`, by which names of zones are understood first.
    form : str
        nbgrader's `Exchange.timestamp_format`, where it is another one.

    Raises
    ------
    ValueError
        If it isn't a time, or its zone isn't known for certain.
    """
    text = text.strip()
    if match := STAMP.fullmatch(text):
        local = datetime.datetime.fromisoformat(f"{match['day']} {match['time']}")
        zone = match["zone"]
    else:
        zone = text.rpartition(" ")[2] if form.endswith(" %Z") else ""
        plain = form.removesuffix(" %Z")
        local = datetime.datetime.strptime(text.removesuffix(f" {zone}") if zone else text, plain)
    if local.tzinfo is not None:
        return local.astimezone(datetime.UTC).replace(tzinfo=None)
    try:
        return local - _offset(zone, local, timezone)
    except OverflowError:
        raise ValueError(f"no such time: {text}") from None


def _offset(zone: str, local: datetime.datetime, timezone: str) -> datetime.timedelta:
    """Return by how much a zone is ahead of UTC at a time of its own."""
    if zone in UTC:
        return datetime.timedelta()
    if match := OFFSET.fullmatch(zone):
        ahead = datetime.timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        if ahead > datetime.timedelta(hours=14):
            raise ValueError(f"no zone is so far from UTC: {zone}")
        return -ahead if match["sign"] == "-" else ahead
    if "/" in zone and zone in _zones():
        return local.replace(tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset() or datetime.timedelta()
    own = _called(zone, timezone, local) if timezone in _zones() else set()
    everywhere = _zones() if re.fullmatch("[A-Za-z]{2,6}", zone) else ()
    found = own or {ahead for name in everywhere for ahead in _called(zone, name, local)}
    if len(found) != 1:
        raise ValueError(f"no zone for certain: {zone}")
    return found.pop()


def _called(zone: str, name: str, local: datetime.datetime) -> set[datetime.timedelta]:
    """Return how far ahead of UTC the zone `name` is when it calls its time `zone`."""
    place = zoneinfo.ZoneInfo(name)
    times = [local.replace(tzinfo=place, fold=fold) for fold in (0, 1)]
    ahead = (time.utcoffset() for time in times if time.tzname() == zone)
    return {offset for offset in ahead if offset is not None}


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
