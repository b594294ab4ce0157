"""The command line of the page."""

import argparse
from collections.abc import Sequence
import os
import sys

from lsl_jax.pipeline import runtime

# No other computer can reach it; there is no option that changes this.
_HOST = '127.0.0.1'


def main(arguments: Sequence[str] | None = None) -> None:
  """Serves the page until it is interrupted."""
  parser = argparse.ArgumentParser(
      prog='python -m lsl_jax.demo',
      description='Serves a page to this computer on which a recogniser learns'
      ' classes from dropped pictures and names others.',
  )
  parser.add_argument(
      '--workdir',
      required=True,
      help='folder of the recogniser, such as that of a run of'
      ' configs/own_images.py; made if missing',
  )
  parser.add_argument(
      '--port', type=int, default=7860, help='0: any (default: %(default)s)'
  )
  parser.add_argument('--backbone', default='efficientnet_lite0')
  parser.add_argument('--weights', help='a torchvision or timm file')
  options = parser.parse_args(arguments)
  runtime.start()
  try:
    import uvicorn  # pylint: disable=import-outside-toplevel

    from lsl_jax.demo import app, teacher  # pylint: disable=import-outside-toplevel
  except ImportError as error:
    sys.exit(f"lsl_jax: {error}; pip install 'lsl_jax[demo]'")
  try:
    os.makedirs(options.workdir, exist_ok=True)
    pupil = teacher.Teacher(options.workdir, options.backbone, options.weights)
  except (ImportError, OSError, ValueError) as error:
    sys.exit(f'lsl_jax: {error}')
  config = uvicorn.Config(
      app.make(pupil),
      host=_HOST,
      port=options.port,
      log_level='warning',
      server_header=False,
  )
  try:
    socket = config.bind_socket()
  except SystemExit:
    sys.exit(f'lsl_jax: port {options.port} is taken; choose another --port')
  port = socket.getsockname()[1]
  print(f'Open http://{_HOST}:{port} (end with Ctrl-C)', flush=True)
  uvicorn.Server(config).run(sockets=[socket])


if __name__ == '__main__':
  main()
