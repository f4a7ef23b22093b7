// Draws the waterline chart of a license with uPlot: each region is a band as high as its own peak, the bands stack, so
// that the top is the license's peak. All text of the readout is exact and comes from the server; numbers are for drawing.
(() => {
  'use strict';
  const box = document.getElementById('waterline');
  const source = document.getElementById('waterline-data');
  if (!box || !source || !window.uPlot) return;
  const data = JSON.parse(source.textContent);
  const legend = document.getElementById('waterline-legend');
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const two = (n) => String(n).padStart(2, '0');
  const dayOf = (s) => { const d = new Date(s * 1000); return d.getUTCDate() + ' ' + months[d.getUTCMonth()]; };
  const instantOf = (s) => {
    const d = new Date(s * 1000);
    return dayOf(s) + ' ' + d.getUTCFullYear() + ' ' + two(d.getUTCHours()) + ':' + two(d.getUTCMinutes()) + ' UTC';
  };
  const grouped = (n) => n.toLocaleString('en-US', { maximumFractionDigits: 2 });

  // The canvas cannot read light-dark(): hidden marks with the chart's classes say what the colors are now.
  const svg = 'http://www.w3.org/2000/svg';
  const probes = document.createElementNS(svg, 'svg');
  probes.setAttribute('class', 'probes');
  probes.setAttribute('aria-hidden', 'true');
  const probe = (region, name) => {
    const group = document.createElementNS(svg, 'g');
    if (region) group.setAttribute('class', region);
    const mark = document.createElementNS(svg, 'path');
    mark.setAttribute('class', name);
    group.append(mark);
    probes.append(group);
    return mark;
  };
  const text = (name) => {
    const group = document.createElementNS(svg, 'g');
    group.setAttribute('class', 'waterline');
    const mark = document.createElementNS(svg, 'text');
    if (name) mark.setAttribute('class', name);
    group.append(mark);
    probes.append(group);
    return mark;
  };
  const shared = {};
  for (const name of ['gridline', 'axis-line', 'peak-line', 'entitled-line', 'crest-mark', 'unmeasured', 'hatch', 'unmeasured-edge', 'now', 'future', 'leader']) shared[name] = probe('', name);
  for (const name of ['', 'strong', 'name', 'over-label']) shared['text ' + name] = text(name);
  const bands = data.bands.map((band) => {
    const region = band.class === 'all' ? '' : band.class;
    return { ...band, marks: { area: probe(region, 'area'), surface: probe(region, 'surface'), air: probe(region, 'air'), crest: probe(region, 'crest') } };
  });
  const paint = (element, property) => getComputedStyle(element)[property];
  const alpha = (element) => Number(getComputedStyle(element).fillOpacity) || 1;

  let plot = null;
  let colors = null;
  const readColors = () => {
    const family = getComputedStyle(document.body).fontFamily;
    colors = {
      family,
      text: paint(shared['text '], 'fill'), strong: paint(shared['text strong'], 'fill'), name: paint(shared['text name'], 'fill'), over: paint(shared['text over-label'], 'fill'),
      grid: paint(shared.gridline, 'stroke'), axis: paint(shared['axis-line'], 'stroke'), peak: paint(shared['peak-line'], 'stroke'), entitled: paint(shared['entitled-line'], 'stroke'),
      mark: paint(shared['crest-mark'], 'fill'), blind: paint(shared.unmeasured, 'fill'), blindAlpha: alpha(shared.unmeasured), hatch: paint(shared.hatch, 'stroke'), edge: paint(shared['unmeasured-edge'], 'stroke'),
      now: paint(shared.now, 'stroke'), future: paint(shared.future, 'fill'), leader: paint(shared.leader, 'stroke'), paper: getComputedStyle(document.documentElement).backgroundColor,
      bands: bands.map((b) => ({ area: paint(b.marks.area, 'fill'), areaAlpha: alpha(b.marks.area), surface: paint(b.marks.surface, 'stroke'), air: paint(b.marks.air, 'fill'), airAlpha: alpha(b.marks.air), crest: paint(b.marks.crest, 'stroke') })),
    };
  };

  const top = Math.max(data.peak, data.entitled || 0, 1);
  const narrow = () => box.clientWidth < 640;
  const size = () => ({ width: Math.max(box.clientWidth, 280), height: narrow() ? 330 : 430 });
  const named = () => (narrow() ? 12 : 168); // room on the right for the names of the bands

  // Everything in canvas pixels.
  const frame = (u) => ({ left: u.bbox.left, top: u.bbox.top, width: u.bbox.width, height: u.bbox.height, x: (v) => u.valToPos(v, 'x', true), y: (v) => u.valToPos(v, 'y', true), dpr: window.devicePixelRatio || 1 });
  const line = (ctx, x1, y1, x2, y2, stroke, width, dash) => {
    ctx.beginPath();
    ctx.strokeStyle = stroke;
    ctx.lineWidth = width;
    ctx.setLineDash(dash || []);
    ctx.moveTo(x1, y1);
    ctx.lineTo(x2, y2);
    ctx.stroke();
    ctx.setLineDash([]);
  };
  const steps = (ctx, f, band, index) => {
    const values = data.values[index];
    ctx.moveTo(f.x(data.times[0]), f.y(band.base + values[0]));
    for (let i = 1; i < values.length; i++) {
      ctx.lineTo(f.x(data.times[i]), f.y(band.base + values[i - 1]));
      ctx.lineTo(f.x(data.times[i]), f.y(band.base + values[i]));
    }
  };

  const below = (u) => {
    const ctx = u.ctx, f = frame(u), end = f.x(data.measured);
    ctx.save();
    if (data.to > data.measured) {
      ctx.fillStyle = colors.future;
      ctx.fillRect(end, f.top, f.x(data.to) - end, f.height);
    }
    bands.forEach((band, i) => {
      const c = colors.bands[i];
      if (!band.peak) return;
      ctx.globalAlpha = c.airAlpha;
      ctx.fillStyle = c.air;
      ctx.fillRect(f.left, f.y(band.base + band.peak), end - f.left, f.y(band.base) - f.y(band.base + band.peak));
      ctx.globalAlpha = c.areaAlpha;
      ctx.fillStyle = c.area;
      ctx.beginPath();
      steps(ctx, f, band, i);
      ctx.lineTo(end, f.y(band.base));
      ctx.lineTo(f.x(data.times[0]), f.y(band.base));
      ctx.closePath();
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.beginPath();
      ctx.strokeStyle = c.surface;
      ctx.lineWidth = 1.5 * f.dpr;
      ctx.lineJoin = 'miter';
      steps(ctx, f, band, i);
      ctx.stroke();
      const crest = Math.round(f.y(band.base + band.peak)) + 0.5;
      line(ctx, f.left, crest, f.left + f.width, crest, c.crest, f.dpr);
    });
    for (const gap of data.gaps) {
      const band = bands[gap.band], x1 = f.x(gap.from), x2 = Math.max(f.x(gap.to), x1 + 2 * f.dpr), y1 = f.y(band.base + band.peak), y2 = f.y(band.base);
      ctx.save();
      ctx.beginPath();
      ctx.rect(x1, y1, x2 - x1, y2 - y1);
      ctx.globalAlpha = colors.blindAlpha;
      ctx.fillStyle = colors.blind;
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.clip();
      ctx.beginPath();
      ctx.strokeStyle = colors.hatch;
      ctx.lineWidth = f.dpr;
      for (let x = x1 - (y2 - y1); x < x2; x += 6 * f.dpr) {
        ctx.moveTo(x, y2);
        ctx.lineTo(x + (y2 - y1), y1);
      }
      ctx.stroke();
      ctx.restore();
      ctx.strokeStyle = colors.edge;
      ctx.lineWidth = f.dpr;
      ctx.setLineDash([2 * f.dpr, 2 * f.dpr]);
      ctx.strokeRect(x1, y1, x2 - x1, y2 - y1);
      ctx.setLineDash([]);
    }
    ctx.restore();
  };

  const write = (ctx, words, x, y, options) => {
    ctx.font = (options.weight || 400) + ' ' + (options.size || 12) * (window.devicePixelRatio || 1) + 'px ' + colors.family;
    ctx.textAlign = options.align || 'left';
    ctx.textBaseline = 'alphabetic';
    if (options.halo) {
      ctx.lineJoin = 'round';
      ctx.lineWidth = 4 * (window.devicePixelRatio || 1);
      ctx.strokeStyle = colors.paper;
      ctx.strokeText(words, x, y);
    }
    ctx.fillStyle = options.fill || colors.text;
    ctx.fillText(words, x, y);
    return ctx.measureText(words).width;
  };

  const above = (u) => {
    const ctx = u.ctx, f = frame(u), p = f.dpr, right = f.left + f.width, end = f.x(data.measured);
    ctx.save();
    if (data.to > data.measured) line(ctx, end, f.top, end, f.top + f.height, colors.now, p);
    bands.forEach((band) => {
      if (!band.markAt) return;
      const x = f.x(band.markAt), y = f.y(band.base + band.peak);
      ctx.beginPath();
      ctx.fillStyle = colors.mark;
      ctx.moveTo(x, y);
      ctx.lineTo(x - 5 * p, y - 7 * p);
      ctx.lineTo(x + 5 * p, y - 7 * p);
      ctx.closePath();
      ctx.fill();
      const flip = x > right - 60 * p;
      if (!narrow() && f.y(band.base) - y > 16 * p) write(ctx, band.date, x + (flip ? -9 : 9) * p, y + 13 * p, { weight: 600, fill: colors.strong, halo: true, align: flip ? 'right' : 'left' });
    });
    const peakY = Math.round(f.y(data.peak)) + 0.5;
    if (data.entitled !== null) {
      const y = Math.round(f.y(data.entitled)) + 0.5;
      line(ctx, f.left, y, right, y, colors.entitled, 1.75 * p, [6 * p, 4 * p]);
      const under = y > peakY || Math.abs(y - peakY) < 1;
      write(ctx, 'Entitled ' + data.entitledText + (narrow() ? '' : ' ' + data.unit), f.left + 6 * p, under ? y + 15 * p : y - 6 * p, { halo: true });
    }
    if (data.peak > 0) {
      line(ctx, f.left, peakY, right, peakY, colors.peak, 1.75 * p);
      const above = data.entitled === null || f.y(data.entitled) >= peakY - 1 || peakY - f.y(data.entitled) > 26 * p;
      const y = above ? peakY - 6 * p : peakY + 15 * p;
      const width = write(ctx, 'Peak ' + data.peakText + (narrow() ? '' : ' ' + data.unit), f.left + 6 * p, y, { weight: 600, fill: colors.strong, halo: true });
      if (data.over) write(ctx, data.over, f.left + 14 * p + width, y, { weight: 600, fill: colors.over, halo: true });
    }
    if (data.to > data.measured) write(ctx, 'Measured to ' + dayOf(data.measured), end, f.top - 7 * p, { align: end > right - 60 * p ? 'right' : 'center' });
    if (!narrow()) names(ctx, f, right);
    ctx.restore();
  };

  // The names stand beside their bands, moved apart where bands are thin.
  const names = (ctx, f, right) => {
    const p = f.dpr, height = 34 * p;
    const places = bands.filter((band) => band.peak > 0).map((band) => ({ band, at: (f.y(band.base) + f.y(band.base + band.peak)) / 2 })).reverse();
    let last = f.top - height;
    for (const place of places) {
      place.y = Math.max(place.at, last + height);
      last = place.y;
    }
    let limit = f.top + f.height;
    for (let i = places.length - 1; i >= 0; i--) {
      places[i].y = Math.min(places[i].y, limit);
      limit = places[i].y - height;
    }
    for (const { band, at, y } of places) {
      line(ctx, right + 3 * p, at, right + 14 * p, y, colors.leader, p);
      write(ctx, band.name, right + 20 * p, y - 2 * p, { weight: 600, size: 12.5, fill: colors.name });
      const width = write(ctx, band.text, right + 20 * p, y + 13 * p, { weight: 600, fill: colors.strong });
      write(ctx, ' ' + band.note, right + 20 * p + width, y + 13 * p, {});
    }
  };

  // The legend is the readout: the values at the pointer, or at the end of what is measured.
  const readout = (at) => {
    if (!legend) return;
    let i = data.times.length - 1, seconds = data.measured;
    if (at !== null && at >= data.times[0] && at <= data.measured) {
      seconds = at;
      let low = 0, high = data.times.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (data.times[middle] <= at) low = middle; else high = middle - 1;
      }
      i = low;
    }
    const time = legend.querySelector('time');
    time.textContent = instantOf(seconds);
    time.setAttribute('datetime', new Date(seconds * 1000).toISOString());
    const values = legend.querySelectorAll('b');
    bands.forEach((_, b) => { if (values[b]) values[b].textContent = data.texts[b][i]; });
    if (values[bands.length]) values[bands.length].textContent = data.totals[i];
  };

  const days = (data.to - data.from) / 86400;
  const split = (u, axis, min, max, space) => {
    const every = narrow() ? Math.ceil(days / 4) : Math.ceil(days / 7);
    const step = days <= 2 ? Math.max(3600, Math.ceil((max - min) / (narrow() ? 4 : 7) / 3600) * 3600) : every * 86400;
    const marks = [];
    for (let at = min; at < max; at += step) marks.push(at);
    return marks;
  };

  const draw = () => {
    readColors();
    if (plot) plot.destroy();
    box.replaceChildren(probes);
    const font = '12px ' + colors.family;
    plot = new window.uPlot({
      ...size(),
      padding: [26, named(), 4, 4],
      tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      ms: 1,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: true, range: [data.from, data.to] }, y: { range: [0, top * 1.02] } },
      axes: [
        { font, stroke: colors.text, size: 34, gap: 6, grid: { show: false }, border: { show: true, stroke: colors.axis, width: 1 }, ticks: { stroke: colors.axis, size: 4, width: 1 }, splits: split, values: (u, marks) => marks.map((at) => (days <= 2 ? instantOf(at).slice(-9, -4) : dayOf(at))) },
        { font, stroke: colors.text, size: narrow() ? 46 : 52, gap: 6, grid: { stroke: colors.grid, width: 1 }, ticks: { show: false }, values: (u, marks) => marks.map((v, i) => (i === marks.length - 1 && marks.length > 2 ? grouped(v) : grouped(v))), space: 56 },
      ],
      series: [{}, ...bands.map((band) => ({ label: band.name, stroke: 'transparent', points: { show: false } }))],
      hooks: {
        drawAxes: [below],
        draw: [above],
        setCursor: [(u) => readout(u.cursor.left === null || u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, 'x'))],
      },
    }, [data.times, ...bands.map((band, b) => data.values[b].map((v) => v + band.base))], box);
    const unit = document.createElement('span');
    unit.className = 'u-unit unit';
    unit.textContent = data.unit;
    box.append(unit);
    box.dataset.drawn = 'true';
  };

  box.append(probes);
  draw();
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (box.clientWidth !== width) {
      width = box.clientWidth;
      draw();
    }
  }).observe(box);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  window.matchMedia('print').addEventListener('change', draw);
})();
