"""The page's server: which requests it takes, and how large they may be.

A picture is the body of a request of its own, so no upload is ever spooled to a
temporary file. Requests of other web sites, which a browser would send here as
well, are refused.
"""

from collections.abc import Callable
import importlib.resources
import json
from typing import Any

from starlette import applications, concurrency, requests, responses, routing

from lsl_jax.demo import teacher as teacher_lib

MAX_BYTES = 20_000_000
# A page of another site cannot send this header without being allowed to.
HEADER = 'x-lsl-jax'
_HOSTS = ('127.0.0.1', 'localhost')
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:"
    " blob:; connect-src 'self'; frame-ancestors 'none'; form-action 'none'"
)
_FILES = {
    '/': ('page.html', 'text/html'),
    '/page.js': ('page.js', 'text/javascript'),
    '/page.css': ('page.css', 'text/css'),
}


class RefusedError(Exception):
  """A request that is not served: a status and the reason."""

  def __init__(self, status: int, reason: str):
    super().__init__(reason)
    self.status = status


def make(teacher: teacher_lib.Teacher) -> applications.Starlette:
  """The application for one recogniser.

  Args:
    teacher: what requests are about.

  Returns:
    An ASGI application.
  """

  async def classes(request: requests.Request) -> Any:
    del request
    return await concurrency.run_in_threadpool(teacher.classes)

  async def teach(request: requests.Request) -> Any:
    data = await _body(request)
    name, file = _query(request, 'class'), _query(request, 'file')
    await concurrency.run_in_threadpool(teacher.teach, name, file, data)
    return await concurrency.run_in_threadpool(teacher.classes)

  async def ask(request: requests.Request) -> Any:
    data = await _body(request)
    return await concurrency.run_in_threadpool(
        teacher.ask, _query(request, 'file'), data
    )

  async def forget(request: requests.Request) -> Any:
    await concurrency.run_in_threadpool(
        teacher.forget, _query(request, 'class')
    )
    return await concurrency.run_in_threadpool(teacher.classes)

  routes = [
      routing.Route('/classes', _answered(classes), methods=['GET']),
      routing.Route('/teach', _answered(teach), methods=['POST']),
      routing.Route('/ask', _answered(ask), methods=['POST']),
      routing.Route('/forget', _answered(forget), methods=['POST']),
  ]
  for path, (name, kind) in _FILES.items():
    routes.append(routing.Route(path, _file(name, kind), methods=['GET']))
  return applications.Starlette(routes=routes)


def _answered(function: Callable[..., Any]) -> Callable[..., Any]:
  """JSON of what the function returns, or of why it does not."""

  async def endpoint(request: requests.Request) -> responses.Response:
    try:
      _check_local(request)
      if request.method == 'POST' and HEADER not in request.headers:
        raise RefusedError(403, 'not a request of this page')
      content, status = await function(request), 200
    except RefusedError as error:
      content, status = {'error': str(error)}, error.status
    except (OSError, ValueError) as error:
      content, status = {'error': str(error)}, 400
    return responses.Response(
        # Escaped, since file names may hold what UTF-8 cannot.
        json.dumps(content),
        status,
        {'cache-control': 'no-store', 'x-content-type-options': 'nosniff'},
        'application/json',
    )

  return endpoint


def _file(name: str, kind: str) -> Callable[..., Any]:
  content = (
      importlib.resources.files('lsl_jax.demo').joinpath(name).read_bytes()
  )
  headers = {
      'content-security-policy': _POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
  }

  async def endpoint(request: requests.Request) -> responses.Response:
    try:
      _check_local(request)
    except RefusedError as error:
      return responses.PlainTextResponse(str(error), error.status)
    return responses.Response(content, 200, headers, kind)

  return endpoint


def _check_local(request: requests.Request) -> None:
  """Refuses names that a foreign site made to mean this computer."""
  if request.url.hostname not in _HOSTS:
    raise RefusedError(403, 'served to 127.0.0.1 alone')
  origin = request.headers.get('origin')
  if origin and origin != f'http://{request.headers.get("host")}':
    raise RefusedError(403, 'not a request of this page')


def _query(request: requests.Request, name: str) -> str:
  value = request.query_params.get(name, '')
  if not value:
    raise RefusedError(400, f'the request names no {name}')
  return value


async def _body(request: requests.Request) -> bytes:
  """The picture, read no further than it may be large."""
  parts, size = [], 0
  too_large = RefusedError(
      413, f'the picture has more than {MAX_BYTES // 10**6} million bytes'
  )
  announced = request.headers.get('content-length', '')
  if announced.isdigit() and int(announced) > MAX_BYTES:
    raise too_large
  async for part in request.stream():
    size += len(part)
    if size > MAX_BYTES:
      raise too_large
    parts.append(part)
  return b''.join(parts)
