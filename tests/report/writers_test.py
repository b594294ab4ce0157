import errno
import json
import struct

import jax.numpy as jnp
import numpy as np
import pytest
from tensorboardX.proto import event_pb2

from lsl_jax.report import events, jsonl, writers


def _events(folder):
  """Parses record files: length, its checksum, data, its checksum."""
  parsed = []
  for path in sorted(folder.glob('events.out.tfevents*')):
    data = path.read_bytes()
    while data:
      (length,) = struct.unpack('<Q', data[:8])
      parsed.append(event_pb2.Event.FromString(data[12 : 12 + length]))
      data = data[16 + length :]
  return parsed


def _lines(folder):
  return [
      json.loads(line)
      for line in (folder / 'metrics.jsonl').read_text().splitlines()
  ]


def test_a_line_holds_step_time_and_values(tmp_path, monkeypatch):
  monkeypatch.setattr(writers.time, 'time', lambda: 1763719200.12345)
  with writers.Writer(tmp_path / 'run') as writer:
    writer.write(7, {'train/loss': 0.25, 'recall of Ա': np.float32(0.5)})
  assert (tmp_path / 'run' / 'metrics.jsonl').read_text() == (
      '{"step": 7, "time": 1763719200.123, "train/loss": 0.25, '
      '"recall of Ա": 0.5}\n'
  )


def test_numbers_of_any_kind_are_written(tmp_path):
  with writers.Writer(tmp_path) as writer:
    writer.write(
        np.int64(1),
        {
            'int': 3,
            'jax': jnp.float32(1.5),
            'bfloat16': jnp.bfloat16(0.5),
            'one element': np.ones((1, 1)),
            'bool': True,
        },
    )
  (record,) = _lines(tmp_path)
  del record['time']
  assert record == {
      'step': 1,
      'int': 3,
      'jax': 1.5,
      'bfloat16': 0.5,
      'one element': 1,
      'bool': 1,
  }


def test_what_is_not_finite_is_null_in_json_and_itself_in_events(tmp_path):
  with writers.Writer(tmp_path) as writer:
    writer.write(1, {'a': float('nan'), 'b': float('inf')})
  (record,) = _lines(tmp_path)
  assert record['a'] is None
  assert record['b'] is None
  values = [value.simple_value for value in _events(tmp_path)[-1].summary.value]
  np.testing.assert_array_equal(values, [np.nan, np.inf])


def test_events_can_be_read_back(tmp_path):
  with writers.Writer(tmp_path) as writer:
    writer.write(10, {'train/loss': 0.25, 'ճշտություն': 0.5})
    writer.write(20, {'train/loss': 0.125})
  version, first, second = _events(tmp_path)
  assert version.file_version == 'brain.Event:2'
  assert [(v.tag, v.simple_value) for v in first.summary.value] == [
      ('train/loss', 0.25),
      ('ճշտություն', 0.5),
  ]
  assert (first.step, second.step) == (10, 20)
  assert first.wall_time == _lines(tmp_path)[0]['time']


def test_lines_survive_a_process_that_dies_without_closing(tmp_path):
  writer = writers.Writer(tmp_path)
  writer.write(1, {'a': 1.0})
  assert [record['step'] for record in _lines(tmp_path)] == [1]
  writer.flush()
  assert [event.step for event in _events(tmp_path)] == [0, 1]
  writer.close()


def test_a_resumed_run_does_not_double_its_curves(tmp_path):
  with writers.Writer(tmp_path, resumed_step=0) as writer:
    for step in (0, 10, 20, 30):
      writer.write(step, {'loss': 1.0})
  with open(tmp_path / 'metrics.jsonl', 'ab') as file:
    file.write(b'{"step": 40, "lo')
  with writers.Writer(tmp_path, resumed_step=20) as writer:
    for step in (30, 40):
      writer.write(step, {'loss': 2.0})
  records = [(record['step'], record['loss']) for record in _lines(tmp_path)]
  assert records == [(0, 1.0), (10, 1.0), (20, 1.0), (30, 2.0), (40, 2.0)]
  # TensorBoard forgets what came before from step 21 on, and no earlier.
  starts = [
      (number, event.step)
      for number, event in enumerate(_events(tmp_path))
      if event.session_log.status == event_pb2.SessionLog.START
  ]
  assert starts == [(1, 1), (7, 21)]


def test_a_fresh_start_drops_the_curves_of_a_run_that_saved_nothing(tmp_path):
  with writers.Writer(tmp_path) as writer:
    writer.write(5, {'loss': 1.0})
  with writers.Writer(tmp_path, resumed_step=0):
    pass
  assert _lines(tmp_path) == []


def test_without_a_resumed_step_records_are_added(tmp_path):
  for value in (1.0, 2.0):
    with writers.Writer(tmp_path) as writer:
      writer.write(5, {'loss': value})
      records = writer.records()
  assert [record['loss'] for record in records] == [1.0, 2.0]
  assert not any(event.HasField('session_log') for event in _events(tmp_path))


def test_two_event_files_of_one_second_have_two_names(tmp_path, monkeypatch):
  monkeypatch.setattr(events.time, 'time', lambda: 1763719200.9)
  first, second = (events.EventFile(tmp_path) for _ in range(2))
  first.close()
  second.close()
  assert first.path.name.startswith('events.out.tfevents.1763719200.')
  assert first.path < second.path


def test_other_processes_write_nothing(tmp_path):
  with writers.Writer(tmp_path / 'run', process_index=1) as writer:
    writer.write(1, {'a': 1.0})
    writer.flush()
    assert writer.records() == []
  assert not (tmp_path / 'run').exists()


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'a': np.ones(2)}, r"'a' must be a number .* shape \(2,\)"),
        ({'a': 'high'}, "'a' must be a number .* found str"),
        ({'a': None}, "'a' must be a number .* found NoneType"),
        ({'step': 1}, "'step' is taken"),
        ({'time': 1}, "'time' is taken"),
    ],
)
def test_refuses_what_is_no_scalar(tmp_path, values, message):
  with writers.Writer(tmp_path) as writer:
    with pytest.raises(ValueError, match=message):
      writer.write(1, values)
    assert writer.records() == []


def test_refuses_a_negative_step_and_a_closed_writer(tmp_path):
  writer = writers.Writer(tmp_path)
  with pytest.raises(ValueError, match='negative, found -1'):
    writer.write(-1, {})
  writer.close()
  with pytest.raises(ValueError, match=r'metrics\.jsonl is closed'):
    writer.write(1, {})
  writer.close()


def test_a_full_disk_names_the_file_and_keeps_whole_lines(
    tmp_path, monkeypatch
):
  class FullDisk(writers.io.FileIO):
    """Takes ten bytes of the second line and no more."""

    room = None

    def write(self, data):
      if FullDisk.room == 0:
        raise OSError(errno.ENOSPC, 'No space left on device')
      taken = super().write(data[: FullDisk.room])
      if FullDisk.room is not None:
        FullDisk.room -= taken
      return taken

  monkeypatch.setattr(writers.io, 'FileIO', FullDisk)
  with writers.Writer(tmp_path) as writer:
    writer.write(1, {'a': 1.0})
    FullDisk.room = 10
    with pytest.raises(
        OSError, match=r'cannot write .*metrics\.jsonl: No space'
    ):
      writer.write(2, {'a': 2.0})
    assert [record['step'] for record in _lines(tmp_path)] == [1]
    FullDisk.room = None
    writer.write(3, {'a': 3.0})
  assert [record['step'] for record in jsonl.read(writer.path)] == [1, 3]


def test_waits_for_the_disk_now_and_then(tmp_path, monkeypatch):
  now = [0.0]
  monkeypatch.setattr(writers.time, 'monotonic', lambda: now[0])
  with writers.Writer(tmp_path, flush_seconds=30) as writer:
    writer.write(1, {'a': 1.0})
    assert len(_events(tmp_path)) == 1  # the version; step 1 is in memory
    now[0] = 31.0
    writer.write(2, {'a': 1.0})
    assert [event.step for event in _events(tmp_path)] == [0, 1, 2]
