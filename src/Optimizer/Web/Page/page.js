'use strict';

const journalShown = 200;
let journal = '';
let lastEntry = 0;

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const byId = (id) => document.getElementById(id);
// UTC as in the journal's own sentences; with its date where that is not today's.
const clock = (iso) => {
  const at = new Date(iso).toISOString();
  const time = at.slice(11, 19);
  return at.slice(0, 10) === new Date().toISOString().slice(0, 10) ? time : `${at.slice(0, 10)} ${time}`;
};
const rate = (bytesPerSecond) => bytesPerSecond >= 12500
  ? `${(bytesPerSecond * 8 / 1e6).toFixed(1)} Mbit/s`
  : `${(bytesPerSecond * 8 / 1e3).toFixed(1)} kbit/s`;

const row = (...cells) => {
  const made = element('tr');
  made.append(...cells);
  return made;
};

function showStatus(status) {
  const state = byId('state');
  const paused = status.paused.length ? `, paused: ${status.paused.join('; ')}` : '';
  const problems = status.problems.length ? `. Problem: ${status.problems.join('; ')}` : '';
  const run = status.mode ? `policy ${status.policy}, mode ${status.mode}${paused}; last run ${clock(status.at)} UTC` : 'no run has ended yet';
  state.textContent = `${run}${problems}`;
  state.className = problems || paused ? 'bad' : '';

  byId('traffic').replaceChildren(...status.traffic.map((edge) => row(
    element('td', edge.from),
    element('td', edge.to),
    element('td', edge.serverPort),
    element('td', rate(edge.bytesPerSecond), 'number'),
    element('td', rate(edge.bestBytesPerSecond), 'number'),
    element('td', edge.roundTripSeconds > 0 ? `${(edge.roundTripSeconds * 1000).toFixed(1)} ms` : '–', 'number'))));
  byId('no-traffic').hidden = status.traffic.length > 0;
  byId('more-traffic').hidden = status.edges === status.traffic.length;
  byId('more-traffic').textContent = `The busiest ${status.traffic.length} of ${status.edges}.`;

  byId('incidents').replaceChildren(...status.incidents.map((incident) => {
    const article = element('article', undefined, incident.endedAt ? 'ended' : incident.severity);
    const ended = incident.endedAt ? `, ended ${clock(incident.endedAt)}` : '';
    article.append(element('h3', `${incident.severity}, since ${clock(incident.since)} UTC${ended}: ${incident.root ? `concentrated in ${incident.root}` : incident.alerts[0].subject}`));
    const alerts = element('ul');
    alerts.append(...incident.alerts.map((alert) => element('li',
      `${alert.subject} ${alert.endedAt ? 'was' : 'is'} ${alert.now}, usually ${alert.usual}, since ${clock(alert.onset)}${alert.endedAt ? ` until ${clock(alert.endedAt)}` : ''}`)));
    if (incident.count > incident.alerts.length) alerts.append(element('li', `and ${incident.count - incident.alerts.length} more`));
    article.append(alerts);
    return article;
  }));
  byId('no-incidents').hidden = status.incidents.length > 0;
  byId('forecasts').replaceChildren(...status.forecasts.map((text) => element('li', text)));
  byId('findings').replaceChildren(...status.findings.map((finding) => {
    const article = element('article');
    article.append(element('h3', `${finding.subject}: ${finding.cause}`), element('p', finding.summary));
    if (finding.advice) article.append(element('p', `Advice: ${finding.advice}`));
    const proof = element('ul');
    proof.append(...finding.proof.map((text) => element('li', text)));
    article.append(proof);
    return article;
  }));

  byId('proposals').replaceChildren(...status.proposals.map((proposal) => {
    const article = element('article');
    article.append(element('p', proposal.text), element('pre', proposal.diff));
    return article;
  }));
  byId('changes').replaceChildren(...status.changes.map((change) => row(
    element('td', change.name), element('td', change.text), element('td', change.revertAt ? `${change.phase}; undone at ${clock(change.revertAt)} unless kept` : change.phase, change.phase), element('td', clock(change.since), 'time'))));
  byId('no-changes').hidden = status.changes.length > 0;
}

function showJournal(entries) {
  const list = byId('journal');
  for (const entry of entries) {
    const item = element('li');
    item.append(element('time', clock(entry.at)), element('span', entry.phase ?? entry.kind, `kind ${entry.phase ?? ''}`), document.createTextNode(entry.text));
    if (entry.details) {
      const details = element('ul');
      details.append(...entry.details.map((text) => element('li', text)));
      item.append(details);
    }
    list.prepend(item);
    lastEntry = Math.max(lastEntry, entry.sequence);
  }
  while (list.children.length > journalShown) list.lastChild.remove();
}

// In a cluster each request names its user: kubectl create token NAME gives a token, which stays in this tab alone.
let token = sessionStorage.getItem('token') ?? '';
let isAsking = true;

async function read(path) {
  const answer = await fetch(path, token ? { headers: { Authorization: `Bearer ${token}` } } : {});
  if (answer.status === 401 && isAsking) {
    // Whoever declines is not asked again until he loads the page anew.
    token = (prompt(token ? 'This token is not valid any more; another one:' : 'A Kubernetes token (kubectl create token …):') ?? '').trim();
    isAsking = token !== '';
    sessionStorage.setItem('token', token);
  }
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

async function readJournal() {
  const answer = await read(`api/v1/journal?after=${lastEntry}`);
  const told = answer.headers.get('NetPulse-Journal');
  if (told !== journal) {
    // Another process answers, which counts its own entries.
    const wasRead = lastEntry > 0;
    [journal, lastEntry] = [told, 0];
    byId('journal').replaceChildren();
    if (wasRead) return readJournal();
  }
  showJournal(await answer.json());
}

async function refresh() {
  try {
    showStatus(await (await read('api/v1/status')).json());
    await readJournal();
  } catch (error) {
    byId('state').textContent = `the optimizer does not answer (${error.message}); what is shown is old`;
    byId('state').className = 'bad';
  }
  setTimeout(refresh, 2000);
}

refresh();
