{#- nbgrader's page of an assignment's submissions, with "Autograde all" in place of its advice to
    use the command line. See server.py. -#}
{%- extends 'manage_submissions.tpl' -%}

{%- block head -%}
{{ super() }}
<style>
.modal-body pre { white-space: pre-wrap; word-break: normal; }
#autograde-all .said { max-height: 20em; overflow-y: auto; }
</style>
<script>
$(window).on('load', function () {
    var box = $("#autograde-all");
    var address = base_url + "/formgrader/api/assignment/" + encodeURIComponent(assignment_id) + "/autograde";
    var wasRunning = false, asked = 0, timer;

    var show = function (state) {
        var share = state.total ? Math.round(100 * state.done / state.total) : 0;
        box.find(".start").prop("disabled", state.running);
        box.find(".stop").toggle(state.running).prop("disabled", !!state.stopping);
        box.find(".progress").toggle(state.running);
        box.find(".progress-bar").css("width", share + "%").attr("aria-valuenow", share);
        var said = state.said || [];
        if (state.running) {
            said = [state.stopping ? "Stopping ..."
                : state.total ? state.done + " of " + state.total + " done" +
                    (state.failed ? ", " + state.failed + " failed." : ".")
                : "Reading the submissions ..."];
        }
        var list = box.find(".said").empty().toggle(said.length > 0);
        list.toggleClass("text-danger", state.ok === false);
        said.forEach(function (line) { list.append($("<li/>").text(line)); });
        if (state.running) {
            timer = setTimeout(look, 500);
        } else if (wasRunning) {
            models.fetch({success: function () { views.forEach(function (one) { one.render(); }); }});
        }
        wasRunning = state.running;
    };
    var lost = function (xhr) {
        show({running: false, ok: false, said: [xhr.status === 403
            ? "You aren't logged in any more: reload this page."
            : "The server doesn't answer. What was graded stays: reload this page to see how far it is."]});
    };
    var ask = function (method) {
        clearTimeout(timer);
        var mine = ++asked;
        var last = function (then) {  // an answer that comes after a later question is old
            return function (found) { if (mine === asked) { then(found); } };
        };
        $.ajax({url: address, type: method, dataType: "json",
                headers: {"X-XSRFToken": getCookie("_xsrf")}}).done(last(show)).fail(last(lost));
    };
    var look = function () { ask("GET"); };
    box.find(".start").click(function () {
        $(this).prop("disabled", true);
        box.find(".said").empty().hide();
        ask("POST");
    });
    box.find(".stop").click(function () { $(this).prop("disabled", true); ask("DELETE"); });
    look();
});
</script>
{%- endblock head -%}

{%- block messages -%}
<div class="panel panel-default" id="autograde-all">
  <div class="panel-body">
    <button type="button" class="btn btn-primary start">Autograde all</button>
    <button type="button" class="btn btn-default stop" style="display: none">Stop</button>
    <span class="text-muted">Grades each submission that is new or has changed. You may stop it, or
      leave this page: nothing is lost.</span>
    <div class="progress" style="display: none; margin: 12px 0 0">
      <div class="progress-bar" role="progressbar" aria-label="Graded" aria-valuemin="0"
           aria-valuemax="100" aria-valuenow="0"></div>
    </div>
    <ul class="list-unstyled said" role="status" style="display: none; margin: 12px 0 0"></ul>
  </div>
</div>
{%- endblock -%}
