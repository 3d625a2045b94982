// A classic script, run before the first paint, so that a chosen theme does not flash in after the other one.
try {
  const handed = new URLSearchParams(location.search).get('theme');
  const chosen = handed ?? localStorage.getItem('adtally.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
} catch {
  // Storage is switched off: the theme of the system it is.
}
