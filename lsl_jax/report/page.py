"""One HTML file that shows everything itself: no script, no link, no folder.

Every text is escaped, since names of classes and files are a user's.
"""

import base64
from collections.abc import Sequence
import html
import io

import numpy as np
from PIL import Image

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; margin: 2em auto;
  max-width: 70em; padding: 0 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em }
table { border-collapse: collapse } th, td { padding: .2em .6em }
th { text-align: left; font-weight: 600 } td { border-top: 1px solid #ddd }
td.number { text-align: right; font-variant-numeric: tabular-nums }
.row { display: flex; flex-wrap: wrap; gap: .8em; margin: .6em 0 }
figure { margin: 0; width: 104px; font-size: 12px; overflow-wrap: anywhere }
figure.wide { width: auto } figure.wide img { max-width: 100% }
img.right { outline: 3px solid #009E73 }
img.wrong { outline: 3px solid #D55E00 }
pre { background: #f4f4f4; padding: .8em; overflow-x: auto }
.scroll { overflow-x: auto }
"""
# Nothing is loaded from anywhere, whatever a name may hold.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def document(title: str, parts: Sequence[str]) -> str:
  """A whole page.

  Args:
    title: plain text.
    parts: HTML, as the other functions here make it.

  Returns:
    The page's text.
  """
  return (
      '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
      f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
      f'<title>{text(title)}</title><style>{_STYLE}</style></head>\n'
      f'<body><h1>{text(title)}</h1>\n'
      + '\n'.join(parts)
      + '\n</body></html>\n'
  )


def text(value: object) -> str:
  """Plain text as HTML; bytes that are no UTF-8 are written out."""
  plain = str(value).encode(errors='backslashreplace').decode()
  return html.escape(plain)


def heading(value: str) -> str:
  """A section's heading."""
  return f'<h2>{text(value)}</h2>'


def paragraph(value: str) -> str:
  """A paragraph of plain text."""
  return f'<p>{text(value)}</p>'


def code(value: str) -> str:
  """Commands, as they are typed."""
  return f'<pre>{text(value)}</pre>'


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
  """Rows of cells; all but the first of a row stand to the right."""
  head = ''.join(f'<th>{text(cell)}</th>' for cell in header)
  lines = []
  for first, *rest in rows:
    numbers = ''.join(f'<td class="number">{text(c)}</td>' for c in rest)
    lines.append(f'<tr><td>{text(first)}</td>{numbers}</tr>')
  return (
      f'<div class="scroll"><table><tr>{head}</tr>\n'
      + '\n'.join(lines)
      + '</table></div>'
  )


def shaded(counts: np.ndarray, names: Sequence[str]) -> str:
  """A confusion matrix, darker where more of a row's images lie.

  Args:
    counts: `[C, C]`, rows are the true classes.
    names: C.

  Returns:
    A table whose columns are numbered as its rows are.
  """
  head = ''.join(f'<th>{i + 1}</th>' for i in range(len(names)))
  lines = []
  for i, (row, name) in enumerate(zip(counts, names, strict=True)):
    total = max(1, row.sum())
    cells = []
    for j, count in enumerate(row):
      colour = '0,158,115' if i == j else '213,94,0'
      style = f'background: rgba({colour},{0.85 * count / total:.2f})'
      title = f'{text(name)} taken for {text(names[j])}'
      cells.append(
          f'<td class="number" style="{style}" title="{title}">'
          f'{count or ""}</td>'
      )
    lines.append(f'<tr><th>{i + 1}. {text(name)}</th>{"".join(cells)}</tr>')
  return (
      f'<div class="scroll"><table><tr><th></th>{head}</tr>\n'
      + '\n'.join(lines)
      + '</table></div>'
  )


def row(figures: Sequence[str]) -> str:
  """Pictures side by side."""
  return f'<div class="row">{"".join(figures)}</div>'


def picture(image: np.ndarray, caption: str, border: str = '') -> str:
  """An image, uint8 `[h, w, 3]`, at most 96 pixels wide, and what it is.

  Args:
    image: uint8 RGB.
    caption: plain text; lines stay lines.
    border: 'right', 'wrong' or none.

  Returns:
    HTML that holds the image itself.
  """
  small = Image.fromarray(image)
  small.thumbnail((96, 96))
  buffer = io.BytesIO()
  small.save(buffer, 'JPEG', quality=80)
  lines = '<br>'.join(map(text, caption.split('\n')))
  return (
      f'<figure><img class="{text(border)}" alt="{text(caption)}"'
      f' src="{_data("jpeg", buffer.getvalue())}"><br>{lines}</figure>'
  )


def drawing(png: bytes, caption: str) -> str:
  """A figure that was drawn, at its own width."""
  return (
      f'<figure class="wide"><img alt="{text(caption)}"'
      f' src="{_data("png", png)}"></figure>'
  )


def _data(kind: str, content: bytes) -> str:
  return f'data:image/{kind};base64,{base64.b64encode(content).decode()}'
