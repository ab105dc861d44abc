"""Lesson 00 in a browser: its page of readers' questions opens rendered, with its picture."""

import pytest

pytestmark = pytest.mark.timeout(120)

CLICK = """
const link = [...panel.content.node.querySelectorAll('a')].find(
  a => a.textContent.includes('Questions that readers asked'));
if (link) link.click();
return Boolean(link);
"""
RENDERED = """
const page = document.querySelector('.jp-MarkdownViewer .jp-RenderedMarkdown');
const picture = page && page.querySelector('img');
return Boolean(page && page.querySelector('h2') && picture && picture.naturalWidth > 100);
"""


def test_the_readers_page_opens_as_a_page_with_its_picture(lab):
    nb = lab.lesson("00_start_here")
    nb.wait("the link to appear", lambda: nb.script(CLICK), 30)
    nb.wait("the page", lambda: lab.driver.execute_script(RENDERED), 60)
    lab.screenshot("readers")
