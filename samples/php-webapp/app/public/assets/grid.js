/** The grid: what it shows is the address's own query, so that a view can be sent to somebody. */
import { complain, count, element, json, money, percent, text } from './format.js';

const columns = [
  { key: 'id', title: '#', show: text, number: true },
  { key: 'name', title: 'Store', show: text },
  { key: 'city', title: 'City', show: text },
  { key: 'region', title: 'Region', show: text },
  { key: 'orders', title: 'Orders', show: count, number: true },
  { key: 'revenue', title: 'Revenue', show: money, number: true },
  { key: 'returnRate', title: 'Returns', show: percent, number: true },
];
const [head, body] = [document.querySelector('#grid thead'), document.querySelector('#grid tbody')];
const [previous, next] = [document.getElementById('previous'), document.getElementById('next')];

const query = new URLSearchParams(location.search);
const state = {
  page: Number(query.get('page') ?? 1),
  sort: query.get('sort') ?? 'id',
  order: query.get('order') ?? 'asc',
  hidden: new Set((query.get('hide') ?? '').split(',').filter(key => key !== '')),
};
let shown = { page: 1, pages: 1, total: 0, rows: [] };

const visible = () => columns.filter(({ key }) => !state.hidden.has(key));

function address() {
  const { page, sort, order, hidden } = state;
  const view = new URLSearchParams({ page, sort, order });
  if (hidden.size > 0) view.set('hide', [...hidden].join(','));
  return view;
}

async function load() {
  const { page, sort, order } = state;
  shown = await json(`/data.php?${new URLSearchParams({ page, pageSize: 12, sort, order })}`);
  draw();
}

function change(fields) {
  Object.assign(state, fields);
  load().catch(complain);
}

function headCell({ key, title, number }) {
  const arrow = state.order === 'asc' ? '▲' : '▼';
  const cell = element('th', '', { className: number ? 'number' : '', scope: 'col' });
  const order = state.sort === key && state.order === 'asc' ? 'desc' : 'asc';
  const sort = element('button', state.sort === key ? `${title} ${arrow}` : title, {
    type: 'button',
    onclick: () => change({ sort: key, order, page: 1 }),
  });
  cell.dataset.key = key;
  cell.append(sort);
  return cell;
}

function row(store) {
  const line = document.createElement('tr');
  line.dataset.id = store.id;
  for (const { key, show, number } of visible()) {
    const cell = element('td', show(store[key]), { className: number ? 'number' : '' });
    if (key === 'region') cell.replaceChildren(element('span', store.region, { className: `region ${store.region}` }));
    if (key === 'name') {
      const link = element('a', store.name, { href: `/store.html?id=${store.id}` });
      cell.replaceChildren(link);
    }
    line.append(cell);
  }
  return line;
}

function columnButton({ key, title }) {
  const button = element('button', title, {
    type: 'button',
    onclick: () => {
      state.hidden.delete(key) || state.hidden.add(key);
      draw();
    },
  });
  button.dataset.key = key;
  button.setAttribute('aria-pressed', String(!state.hidden.has(key)));
  return button;
}

function draw() {
  head.replaceChildren(element('tr', ''));
  head.firstChild.append(...visible().map(headCell));
  body.replaceChildren(...shown.rows.map(row));
  body.dataset.page = shown.page;
  document.getElementById('columns').replaceChildren(...columns.filter(({ key }) => key !== 'name').map(columnButton));
  document.getElementById('position').textContent = `Page ${shown.page} of ${shown.pages} · ${shown.total} stores`;
  previous.disabled = shown.page <= 1;
  next.disabled = shown.page >= shown.pages;
  history.replaceState(null, '', `?${address()}`);
}

previous.onclick = () => change({ page: state.page - 1 });
next.onclick = () => change({ page: state.page + 1 });

load().catch(complain);
json('/health')
  .then(({ version, host }) => {
    document.getElementById('served').textContent = `version ${version} · ${host}`;
  })
  .catch(complain);
