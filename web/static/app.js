// What pages do beyond HTML and htmx: keyboard, menus, filters that apply by themselves, charts (waterline.js).
// Everything works without it.
(() => {
  'use strict';
  const closest = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;

  document.documentElement.classList.add('scripted');

  // "/" goes to the search of the list, or of the page; Escape closes menus.
  document.addEventListener('keydown', (event) => {
    const typing = closest(event, 'input, select, textarea, [contenteditable]');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const field = document.querySelector('[data-search]') || document.getElementById('find');
      if (field) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    }
    if (event.key === 'Escape') {
      for (const menu of document.querySelectorAll('details.menu[open]')) {
        menu.open = false;
        menu.querySelector('summary').focus();
      }
    }
    const grip = closest(event, '.grip');
    if (grip && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      const item = grip.closest('li');
      const other = event.key === 'ArrowUp' ? item.previousElementSibling : item.nextElementSibling;
      if (other && other.querySelector('.grip')) {
        item.parentElement.insertBefore(event.key === 'ArrowUp' ? item : other, event.key === 'ArrowUp' ? other : item);
        grip.focus();
      }
    }
  });

  document.addEventListener('click', (event) => {
    for (const menu of document.querySelectorAll('details.menu[open]')) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // Shift on the head of a column sorts by it as a further level.
  document.addEventListener('click', (event) => {
    const head = closest(event, 'a.sort[data-add]');
    if (head && event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      const grid = head.closest('.grid');
      if (window.htmx && grid) {
        window.htmx.ajax('GET', head.dataset.add, { source: head, target: grid, swap: 'outerHTML' });
      } else {
        window.location.assign(head.dataset.add);
      }
    }
  }, true);

  // Columns are moved by dragging their grips.
  let dragged = null;
  document.addEventListener('pointerdown', (event) => {
    const grip = closest(event, '.grip');
    if (grip) dragged = grip.closest('li');
  });
  document.addEventListener('pointermove', (event) => {
    if (!dragged) return;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const item = under && under.closest('.chooser li');
    if (item && item !== dragged && item.querySelector('.grip')) {
      const box = item.getBoundingClientRect();
      item.parentElement.insertBefore(dragged, event.clientY > box.top + box.height / 2 ? item.nextElementSibling : item);
    }
  });
  document.addEventListener('pointerup', () => { dragged = null; });

  // A changed filter applies at once, a search when the typing rests.
  let resting;
  const apply = (form) => {
    if (form) form.requestSubmit();
  };
  document.addEventListener('change', (event) => {
    const field = closest(event, '.filters input, .filters select');
    if (field) apply(field.form);
  });
  document.addEventListener('input', (event) => {
    const field = closest(event, '[data-search]');
    if (!field) return;
    clearTimeout(resting);
    resting = setTimeout(() => apply(field.form), 350);
  });
  document.addEventListener('submit', () => clearTimeout(resting), true);

  document.addEventListener('htmx:beforeRequest', (event) => {
    const grid = event.detail.target;
    if (grid && grid.classList.contains('grid')) grid.setAttribute('aria-busy', 'true');
  });
  // Where the server asks for another page (signing in again), or fails, the whole page says so.
  document.addEventListener('htmx:responseError', (event) => {
    if (!event.detail.xhr.getResponseHeader('HX-Redirect')) window.location.reload();
  });
  document.addEventListener('htmx:sendError', (event) => {
    const grid = event.detail.target && event.detail.target.closest('.grid');
    if (!grid) return;
    grid.removeAttribute('aria-busy');
    const foot = grid.querySelector('.grid-foot [role="status"]');
    if (foot) foot.textContent = 'The server does not answer. The list is as it was before; try again.';
  });

  // A toast goes by itself once it has been read.
  for (const toast of document.querySelectorAll('.toasts')) setTimeout(() => toast.remove(), 8000);
})();
