"""The markup of a report's texts."""

import pytest

from vaekit.figures.markup import inline, paragraphs, plain


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("**bold** and `code`", "<strong>bold</strong> and <code>code</code>"),
        ("`**not bold**`", "<code>**not bold**</code>"),
        ("**has `code` in it**", "<strong>has <code>code</code> in it</strong>"),
        ("a < b & \"c\" > 'd'", "a &lt; b &amp; &quot;c&quot; &gt; &#x27;d&#x27;"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("**<b>**", "<strong>&lt;b&gt;</strong>"),
        ("2 * 3 ** 4", "2 * 3 ** 4"),
        ("[paper](https://a.org/?x=1&y=2)", '<a href="https://a.org/?x=1&amp;y=2">paper</a>'),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ('[x](https://a"onclick="b)', '<a href="https://a&quot;onclick=&quot;b">x</a>'),
    ],
)
def test_inline(text: str, html: str) -> None:
    assert inline(text) == html


def test_plain_text_has_no_marks() -> None:
    assert plain("**The `loss`** of [this](https://a.org) < 3") == "The loss of this < 3"


def test_paragraphs_and_lists() -> None:
    text = "One\nparagraph.\n\nAnother:\n- first\n  goes on\n- **second**\n"
    assert paragraphs(text) == (
        "<p>One paragraph.</p>\n<p>Another:</p>\n"
        "<ul>\n<li>first goes on</li>\n<li><strong>second</strong></li>\n</ul>\n"
    )


def test_no_text_is_no_paragraph() -> None:
    assert paragraphs(" \n\n ") == ""
