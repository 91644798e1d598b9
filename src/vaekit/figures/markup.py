"""The little markup of a report's texts: everything is escaped, then a few marks become tags."""

import re
from html import escape

# In the order of the groups: `code`, **bold**, [words](https://address).
MARKS = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\((https?://[^\s)]+)\)")


def inline(text: str) -> str:
    """One line of text as HTML."""
    out, end = [], 0
    for mark in MARKS.finditer(text):
        out += [escape(text[end : mark.start()]), _tag(mark)]
        end = mark.end()
    return "".join([*out, escape(text[end:])])


def plain(text: str) -> str:
    """The text without its marks, for titles and alternative texts; not escaped."""
    return MARKS.sub(lambda mark: plain(mark[1] or mark[2] or mark[3]), text)


def paragraphs(text: str) -> str:
    """A text as HTML: blank lines part paragraphs, lines that start with "- " make a list."""
    return "".join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block.strip())


def _tag(mark: re.Match[str]) -> str:
    code, bold, words, address = mark.groups()
    if code:
        return f"<code>{escape(code)}</code>"
    if bold:
        return f"<strong>{inline(bold)}</strong>"
    return f'<a href="{escape(address)}">{inline(words)}</a>'


def _block(block: str) -> str:
    lines = [line.strip() for line in block.strip().splitlines()]
    first = next((n for n, line in enumerate(lines) if line.startswith("- ")), len(lines))
    head, items = " ".join(lines[:first]), list[str]()
    for line in lines[first:]:
        if line.startswith("- "):
            items.append(line[2:])
        else:
            items[-1] += " " + line
    html = f"<p>{inline(head)}</p>\n" if head else ""
    rows = "".join(f"<li>{inline(item)}</li>\n" for item in items)
    return html + (f"<ul>\n{rows}</ul>\n" if items else "")
