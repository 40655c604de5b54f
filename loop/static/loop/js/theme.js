// The chosen theme, before the first paint, on pages whose <html> tag is not ours (the admin).
(() => {
  const found = /(?:^|; )circled_theme=(dark|light|auto)/.exec(document.cookie);
  document.documentElement.dataset.theme = found ? found[1] : "dark";
})();
