// The first frame is the head of the page. The panels take long to draw, so they come after it.

requestAnimationFrame(() =>
  requestAnimationFrame(() => {
    for (const id of ['control', 'main', 'foot']) document.getElementById(id).hidden = false;
  }),
);
