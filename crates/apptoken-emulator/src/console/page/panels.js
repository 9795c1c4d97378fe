// The first frame is the head of the page only. The panels take long to draw, so they come when it is done.

requestAnimationFrame(() =>
  requestAnimationFrame(() => {
    for (const id of ['control', 'main', 'foot']) document.getElementById(id).hidden = false;
  }),
);
