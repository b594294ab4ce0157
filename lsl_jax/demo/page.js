// Sends each picture as one request, and shows what comes back. Names are
// only ever set as text, never as HTML.
'use strict';

const find = (id) => document.getElementById(id);

function make(tag, text, parent) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

function image(source, parent) {
  const element = make('img', '', parent);
  element.src = source;
  element.alt = '';
  return element;
}

async function request(path, query, body) {
  const options = {headers: {'x-lsl-jax': '1'}};
  if (query) path += '?' + new URLSearchParams(query);
  if (query) options.method = 'POST';
  if (body) options.body = body;
  const response = await fetch(path, options);
  const content = await response.json();
  if (!response.ok) throw new Error(content.error);
  return content;
}

async function guarded(work) {
  find('message').textContent = '';
  try {
    await work();
  } catch (error) {
    find('message').textContent = error.message;
  }
}

function showClasses(content) {
  const list = find('classes');
  list.replaceChildren();
  for (const one of content.classes) {
    const item = make('li', '', list);
    image(one.image, item);
    make('span', `${one.name} (${one.count})`, item);
    const button = make('button', 'Forget', item);
    button.addEventListener('click', () => guarded(async () => {
      showClasses(await request('forget', {class: one.name}));
    }));
  }
}

function teach(files) {
  const name = find('name').value.trim();
  return guarded(async () => {
    if (!name) throw new Error('Give the class a name first.');
    for (const file of files) {
      showClasses(await request(
          'teach', {class: name, file: file.name}, file));
    }
  });
}

function ask(files) {
  return guarded(async () => {
    const file = files[0];
    const answer = find('answer');
    answer.replaceChildren();
    const content = await request('ask', {file: file.name}, file);
    const shown = image(URL.createObjectURL(file), answer);
    shown.className = 'asked';
    const name = make('div', content.prediction, answer);
    name.className = 'name';
    make('div', content.ranking.map(
        (one) => `${one.name} ${one.score.toFixed(2)}`).join(', '), answer);
    make('p', 'Most like these:', answer);
    const row = make('div', '', answer);
    row.className = 'row';
    for (const one of content.nearest) {
      const figure = make('figure', '', row);
      image(one.image, figure);
      make('figcaption', one.name, figure);
    }
  });
}

for (const [id, work] of [['teach', teach], ['ask', ask]]) {
  const input = find(id);
  const drop = find(id + '-drop');
  const taken = async (files) => {
    if (!files.length) return;
    input.disabled = true;
    await work([...files]);
    input.disabled = false;
    input.value = '';
  };
  input.addEventListener('change', () => taken(input.files));
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    taken(event.dataTransfer.files);
  });
}
// A picture dropped beside the boxes would replace the page.
for (const kind of ['dragover', 'drop']) {
  window.addEventListener(kind, (event) => event.preventDefault());
}

guarded(async () => showClasses(await request('classes')));
