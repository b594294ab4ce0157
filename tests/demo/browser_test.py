"""The real page in a real browser: teach, ask, forget.

Needs Chromium or Chrome and its driver (Debian: chromium, chromium-driver).
"""

import pathlib
import shutil
import subprocess
import sys
import warnings

from PIL import Image
import pytest

from lsl_jax import recogniser
from lsl_jax.demo import teacher

WEIGHTS = pathlib.Path(__file__).parents[1] / 'models/resnet10_width1.pth'
BROWSER = next(
    filter(
        None,
        map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome')),
    ),
    None,
)
DRIVER = shutil.which('chromedriver')
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason='no browser to test the page in: needs chromium (or google-chrome)'
    ' and chromedriver on the PATH',
)


@pytest.fixture
def address(tmp_path, one_device):
  """The real command, on a recogniser by a tiny network."""
  weights = recogniser.reference('resnet10', str(WEIGHTS), {'width': 1})
  preprocessing = recogniser.Preprocessing(32, 32, True, (0.5,) * 3, (0.5,) * 3)
  (tmp_path / 'work').mkdir()
  recogniser.write(
      tmp_path / 'work' / teacher.FILE,
      recogniser.empty(weights, preprocessing, 8),
  )
  process = subprocess.Popen(
      [
          *(sys.executable, '-m', 'lsl_jax.demo', '--port=0'),
          f'--workdir={tmp_path / "work"}',
      ],
      stdout=subprocess.PIPE,
      text=True,
      env=one_device,
  )
  line = process.stdout.readline()
  assert line.startswith('Open http://127.0.0.1:'), line
  yield line.split()[1]
  process.terminate()
  process.wait()
  process.stdout.close()


@pytest.fixture
def browser(tmp_path):
  # Selenium leaves sockets to its own end.
  warnings.simplefilter('ignore', ResourceWarning)
  from selenium import webdriver

  options = webdriver.ChromeOptions()
  options.binary_location = BROWSER
  for argument in (
      '--headless=new',
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      f'--user-data-dir={tmp_path / "profile"}',
  ):
    options.add_argument(argument)
  options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
  driver = webdriver.Chrome(
      options, webdriver.ChromeService(executable_path=DRIVER)
  )
  driver.set_page_load_timeout(60)
  yield driver
  driver.quit()


def wait(browser, what):
  from selenium.common import exceptions
  from selenium.webdriver.support import wait as waiting

  # The page draws its list anew while it is read.
  passing = (exceptions.StaleElementReferenceException,)
  return waiting.WebDriverWait(browser, 60, ignored_exceptions=passing).until(
      what
  )


def test_a_class_is_taught_and_recognised_in_a_browser(
    address, browser, tmp_path
):
  from selenium.webdriver.common.by import By

  find = lambda selector: browser.find_element(By.CSS_SELECTOR, selector)
  every = lambda selector: browser.find_elements(By.CSS_SELECTOR, selector)
  files = {}
  for name, colour in (('red', (220, 20, 20)), ('green', (20, 200, 20))):
    for i in range(2):
      files[name, i] = str(tmp_path / f'{name}{i}.png')
      shade = tuple(min(255, c + 10 * i) for c in colour)
      Image.new('RGB', (60, 40), shade).save(files[name, i])
  browser.get(address)
  # Without a name nothing is sent.
  find('#teach').send_keys(files['red', 0])
  wait(browser, lambda _: 'a name first' in find('#message').text)
  for name in ('red', '<img src=x onerror=alert(1)>'):
    kind = 'red' if name == 'red' else 'green'
    find('#name').clear()
    find('#name').send_keys(name)
    find('#teach').send_keys(f'{files[kind, 0]}\n{files[kind, 1]}')
    wait(
        browser,
        lambda _, name=name: f'{name} (2)'
        in [span.text for span in every('#classes span')],
    )
  find('#ask').send_keys(files['red', 1])
  wait(browser, lambda _: every('#answer .name'))
  assert find('#answer .name').text == 'red'
  assert find('#answer figcaption').text == 'red'
  assert len(every('#answer figure img')) == 4
  # A file that is no picture is refused in words.
  text = tmp_path / 'text.png'
  text.write_text('no picture')
  find('#ask').send_keys(str(text))
  wait(browser, lambda _: 'not an image' in find('#message').text)
  find('#classes li button').click()
  wait(browser, lambda _: len(every('#classes li')) == 1)
  # The name stayed text, and the policy had nothing to object to.
  assert find('#classes span').text == '<img src=x onerror=alert(1)> (2)'
  severe = [
      entry['message']
      for entry in browser.get_log('browser')
      if 'Content Security' in entry['message']
      or 'Uncaught' in entry['message']
  ]
  assert not severe
  names = {path.name for path in (tmp_path / 'work').iterdir()}
  assert names == {teacher.FILE, f'.{teacher.FILE}.lock'}
