/** The drill-down: one store, its year in figures, a chart and a table. */
import { complain, count, element, json, money, percent } from './format.js';

const svg = (name, attributes) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
};

function chart(months) {
  const [width, height, foot, gap] = [720, 200, 22, 12];
  const step = width / months.length;
  const highest = Math.max(...months.map(({ revenue }) => revenue));
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height + foot}` });
  months.forEach(({ month, revenue }, index) => {
    const tall = (revenue / highest) * height;
    const bar = svg('rect', { x: index * step + gap / 2, y: height - tall, width: step - gap, height: tall, rx: 4 });
    const label = svg('text', { x: (index + 0.5) * step, y: height + foot - 4, 'text-anchor': 'middle' });
    const tip = svg('title', {});
    label.textContent = month;
    tip.textContent = `${month}: ${money(revenue)}`;
    bar.append(tip);
    picture.append(bar, label);
  });
  return picture;
}

function figure(title, value) {
  const box = document.createElement('div');
  box.append(element('dt', title), element('dd', value));
  return box;
}

function monthRow({ month, orders, revenue, returns }) {
  const line = document.createElement('tr');
  const number = { className: 'number' };
  line.append(
    element('td', month),
    element('td', count(orders), number),
    element('td', money(revenue), number),
    element('td', count(returns), number),
  );
  return line;
}

function show({ store, months }) {
  document.title = `${store.name}, ${store.city}`;
  document.getElementById('name').textContent = store.name;
  document.getElementById('place').textContent = `${store.city} · ${store.region} · store ${store.id}`;
  document
    .getElementById('figures')
    .append(
      figure('Orders', count(store.orders)),
      figure('Revenue', money(store.revenue)),
      figure('Returns', percent(store.returnRate)),
    );
  document.getElementById('chart').append(chart(months));
  document.querySelector('#months tbody').append(...months.map(monthRow));
}

// Back to the grid as it was left, page and columns and all, when that is where the visitor came from.
document.getElementById('back').onclick = event => {
  if (document.referrer.startsWith(location.origin)) {
    event.preventDefault();
    history.back();
  }
};

json(`/data.php?${new URLSearchParams({ store: new URLSearchParams(location.search).get('id') ?? '' })}`)
  .then(show)
  .catch(complain);
