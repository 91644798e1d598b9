"""The frame of a report: one HTML page with its own style and nothing to fetch."""

from collections.abc import Sequence
from html import escape

# Pictures and sounds are part of the page and there are no scripts: a browser is told to load
# nothing else.
POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"

CSS = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6472; --page: #ffffff;
  --line: #dde1e7; --tint: #f4f6f9; --link: #165baf; --note: #ffac3c; --shade: #0d162a66; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #a0a9b6; --page: #14181f;
  --line: #333b47; --tint: #1e242e; --link: #8ab8f0; --note: #c98a2e; --shade: #000000cc; }
  figure img { filter: brightness(.92); } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue",
    "Noto Sans", Arial, sans-serif; }
header, nav, main { max-width: 66rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 3rem; }
main { padding-bottom: 5rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 1rem; letter-spacing: -.01em;
  text-wrap: balance; }
h2 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .75rem; text-wrap: balance; }
section { margin-top: 2.25rem; border-top: 1px solid var(--line); padding-top: 1.75rem; }
p, li, .below { max-width: 44rem; }
p { margin: 0 0 1rem; }
ul { margin: 0 0 1rem; padding-left: 1.3rem; }
header p { font-size: 1.125rem; }
a { color: var(--link); }
code { font: .9em ui-monospace, "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: var(--tint); padding: .1em .3em; border-radius: 4px; overflow-wrap: anywhere; }
nav ol { list-style: none; margin: 1.25rem 0 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: .3rem 1.5rem; font-size: .95rem; }
nav li { max-width: none; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
figure { margin: 1.5rem 0; min-width: 0; }
figure img { display: block; max-width: 100%; height: auto; background: #fff; }
.picture { width: fit-content; max-width: 100%; overflow: hidden; border: 1px solid var(--line);
  border-radius: 8px; }
.wide.picture { --under: #fff; --shade: #0d162a66; }
.wide.picture img { mix-blend-mode: multiply; }
figcaption, .below { color: var(--soft); font-size: .92rem; line-height: 1.45; }
figcaption { margin-top: .5rem; max-width: 44rem; }
figcaption strong { color: var(--ink); }
.row { display: grid; gap: 1.5rem; align-items: start; margin: 1.5rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.row figure { margin: 0; }
.clips { display: grid; gap: 1rem 1.25rem; margin: 1.5rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 10rem), 1fr)); }
.clips figure { margin: 0; }
audio { display: block; width: 100%; height: 2.5rem; }
.table figcaption { margin: 0 0 .5rem; }
/* A shade at each edge beyond which there is more: what moves along with the content covers the
   one at an end that is reached. A picture lies over both and is multiplied with them. */
.wide { overflow-x: auto; isolation: isolate; --under: var(--page);
  background: linear-gradient(to right, var(--under) 40%, transparent) 0 / 3rem 100% local,
    linear-gradient(to left, var(--under) 40%, transparent) 100% / 3rem 100% local,
    linear-gradient(to right, var(--shade), transparent) 0 / 1rem 100% scroll,
    linear-gradient(to left, var(--shade), transparent) 100% / 1rem 100% scroll var(--under);
  background-repeat: no-repeat; }
.wide:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .97rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: baseline; padding: .45rem .8rem;
  border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: .2rem; }
thead th { vertical-align: bottom; font-weight: 600; border-bottom: 2px solid var(--soft); }
tbody th { font-weight: 500; white-space: nowrap; }
.number { text-align: right; }
td.number, td code { white-space: nowrap; }
td:not(.number) { min-width: 5.5rem; }
.below { margin-top: .6rem; }
.below p { margin: 0 0 .4rem; }
.note { background: var(--tint); border-left: 4px solid var(--note); border-radius: 0 8px 8px 0;
  padding: .9rem 1.1rem; margin: 1.5rem 0; max-width: 46rem; }
.note > :last-child { margin-bottom: 0; }
@media (max-width: 40rem) { tbody th { white-space: normal; min-width: 7rem; } }
@media print { figure { break-inside: avoid; }
  nav { display: none; } }
"""


def page(title: str, intro: str, sections: Sequence[tuple[str, str]], body: str) -> str:
    """A whole document.

    title: plain text. intro, body: HTML. sections: (id, heading as HTML) for the navigation.
    """
    items = "".join(f'<li><a href="#{anchor}">{words}</a></li>\n' for anchor, words in sections)
    nav = f'<nav aria-label="Sections">\n<ol>\n{items}</ol>\n</nav>\n' if items else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{escape(title)}</h1>\n{intro}</header>\n{nav}"
        f"<main>\n{body}</main>\n</body>\n</html>\n"
    )
