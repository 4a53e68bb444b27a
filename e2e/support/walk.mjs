// Every page that anybody can reach, on a screen of one kind. Strangers and each role start at their first page and
// follow every link to a page of a kind that they have not seen, so a new page is looked at as soon as something leads to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, glance, look } from './look.mjs';
import { signIn } from './people.mjs';
import { setStage } from './stage.mjs';

const stage = setStage();

const board = ['/board/*', '/board/*/screen', '/board/*/paper', '/board/*/estates/*', '/board/*/estates/*/members', '/board/*/estates/*/members/*/help', '/board/*/estates/*/venues', '/board/*/venues/*', '/board/*/publications/*', '/board/*/report', '/board/*/figures', '/board/*/mediation', '/board/*/teams', '/board/*/honours', '/board/*/certificates', '/board/*/volunteers/new', '/board/*/activities/*', '/board/*/services', '/board/*/services/new'];
const issues = ['/today', '/issues', '/issues/way', '/issues/*', '/receipts/*', ...board, '/me'];
const places = ['/estates', '/estates/*', '/estates/overview', '/buildings/*/sheets'];
const residents = ['/residents', '/residents/changes', '/residents/*', '/residents/*/tags', '/buildings/*', '/households/*'];
const party = ['/party', '/party/organisations/*', '/party/organisations/new', '/party/organisations/*/particulars', '/party/organisations/*/members/new', '/party/members/*', '/party/members/*/particulars'];
const walks = ['/campaigns', '/campaigns/*', '/doors', '/doors/list'];
const plans = ['/campaigns/new', '/uploads', '/campaigns/*/answers', '/dwellings/*/visits'];
const channels = ['/channels', '/channels/new'];
const orders = ['/work-orders'];
const publicity = ['/publications', '/publications/new', '/publications/*'];
const bodies = ['/bodies', '/bodies/new', '/bodies/*', '/party/organisations/*/meetings', '/procedures', '/procedures/*'];
const rooms = ['/venues', '/venues/new', '/venues/*', '/venues/*/bookings/new', '/meetings/calendar', '/member-helps', '/meetings/duties', '/estates/*/joint-meetings'];
const topics = ['coverage', 'deliberations', 'joint_meetings', 'surveys', 'levels', 'whistles', 'mediations', 'volunteering', 'services'].map((topic) => `/reports/topics/${topic}`);
const reports = ['/reports', '/reports/rows', '/reports/briefing', '/reports/trends', '/reports/burden', '/reports/template', ...topics, ...topics.map((topic) => `${topic}/paper`), '/issues/*/exclusions'];
const mediations = ['/mediations', '/mediations/new', '/mediations/*'];
const surveys = ['/community-surveys', '/community-surveys/*'];
const volunteers = ['/volunteers', '/volunteers/new', '/volunteers/*', '/volunteers/*/particulars', '/volunteer-teams', '/volunteer-teams/new', '/volunteer-teams/*', '/volunteer-teams/*/particulars', '/volunteer-teams/*/poster', '/activities', '/activities/new', '/activities/*', '/volunteer-hours', '/volunteer-hours/*', '/volunteers/*/hours', '/volunteer-certificates', '/volunteer-certificates/*', '/volunteer-honours', '/volunteer-exports', '/law-materials', '/law-talks/*'];
const classes = ['/children', '/children/new', '/children/*', '/class-sessions', '/class-sessions/new', '/class-sessions/*', '/class-sessions/*/particulars', '/class-vettings', '/class-messages', '/class-help', '/class-incidents', '/class-incidents/new'];
const needs = ['/services', '/services/new', '/services/*', '/services/*/particulars', '/needs/*'];
const services = [...needs, '/service-kinds', '/service-kinds/new', '/service-rounds', '/service-rounds/new', '/service-outcomes', '/service-providers', '/service-providers/new', '/service-providers/*'];
const posts = ['/today', '/duty', '/duty/cancelled', '/duty/coverage', '/duty/coverage/paper', '/duty-schools', '/duty-schools/*', '/duty-terms', '/duty-ways', '/duty-people', '/duty-people/*', '/duty-rosters', '/duty-rosters/*', '/deployment-plans', '/deployment-plans/*', '/deployment-plans/new', '/deployment-plans/*/comparison', '/deployment-plans/*/comparison/paper', '/deployment-plans/*/simulation', '/deployment-plans/*/simulation/paper', '/deployment-plans/*/paper', '/duty-shifts/new', '/duty-shifts/*', '/me'];
const hazards = ['/hazards', '/hazards/new', '/hazards/way', '/hazards/figures', '/hazards/print', '/hazards/*', '/hazards/*/transfers/*', '/hazard-rounds', '/hazard-rounds/*', '/hazard-places', '/hazard-schools', '/hazard-schools/*'];
const patrols = ['/patrols', '/patrol-routes', '/patrol-routes/*', '/patrol-routes/*/figures', '/patrol-rounds/new', '/patrol-rounds/*'];
const lectures = ['/today', '/lectures', '/lectures/new', '/lectures/*', '/lectures/*/quiz', '/lectures/*/sign-in', '/lecture-plans', '/lecture-schools', '/lecture-schools/*', '/lecture-terms', '/lecture-subjects', '/lecturers', '/lecturers/*', '/lecture-materials', '/lecture-materials/*', '/lecture-quizzes', '/lecture-summary', '/lecture-balance', '/me'];
const imports = ['/imports', '/estates/*/contacts', '/estates/*/particulars', '/data-requests', '/data-requests/*', '/residents/exports', '/residents/exports/new'];

/** What each login name must at least be led to. Whoever comes first to a kind of page looks at it in every mode. */
const logins = {
  shuji: [...issues, ...mediations, '/issues/new', ...places, ...residents, ...walks, ...plans, ...imports, ...party, '/party/imports', ...publicity, ...bodies, ...rooms, ...reports, ...orders, ...channels, ...surveys, '/community-surveys/new', ...volunteers, ...classes, ...services, '/service-kinds/*', '/service-rounds/*', '/volunteer-imports', '/whistles', '/tokens/approvals', '/settings'],
  wangge: [...issues, '/mediations', '/issues/new', '/surveys', '/community-surveys/doors', ...places, ...residents, ...walks, '/doors/list/*/*', '/dwellings/*/visits', ...needs],
  anquan: ['/today', '/accounts', '/accounts/*', '/accounts/new', '/organisations', '/organisations/new', '/me'],
  shenji: ['/today', '/audit', '/me'],
  shegong: [...issues, ...mediations, '/issues/new', ...places, ...residents, ...walks, ...plans, ...imports, ...party, '/party/imports', ...publicity, ...bodies, ...rooms, ...reports, ...orders, ...channels, ...surveys, '/community-surveys/new', ...volunteers, ...classes, ...services, '/service-kinds/*', '/service-rounds/*', '/volunteer-imports'],
  zhibu: [...issues, ...mediations, '/issues/new', ...places, ...walks, '/campaigns/new', ...party, ...publicity, ...bodies, ...rooms, ...reports, ...channels, ...surveys, ...volunteers, ...services],
  wuye: [...issues, '/mediations'],
  qinwu: [...posts, ...hazards, ...patrols, '/patrol-routes/new', '/patrol-routes/*/particulars', '/patrol-routes/*/points/*', '/patrol-routes/*/posters', '/hazard-schools/*/link', '/duty-schools/new', '/duty-schools/*/particulars', '/duty-gates/*', '/duty-gates/*/poster', '/duty-people/new', '/duty-people/*/particulars'],
  zhiban: ['/today', ...patrols, '/duty', '/duty/cancelled', '/duty/coverage', '/duty-schools', '/duty-people', '/duty-shifts/*', ...hazards],
  xunte: ['/today', '/duty', '/duty-schools', ...hazards],
  weijian: [...lectures, '/lecture-schools/new', '/lecture-schools/*/particulars', '/lecturers/new', '/lecturers/*/particulars', '/lecture-confidences'],
  ganjing: lectures,
  xitong: ['/today', ...channels, '/settings', '/counterparts', '/outbox', '/tokens', '/tokens/new', '/me'],
};

/**
 * The tests of one kind of screen.
 *
 * @param {string} screen its name
 * @param {import('./browser.mjs').phone} open what opens a page on it
 */
export function walkOn(screen, open) {
  const known = new Set();

  test(`a stranger’s pages on a ${screen}`, async (t) => {
    const page = await open(t, stage);
    await walk(page, `${screen}-stranger`, known, ['/', ...board, '/receipts', '/login']);
    await page.goto('/there/is/no/such/page');
    await look(page, `${screen}-stranger-not-found`);
  });

  for (const [login, expected] of Object.entries(logins)) {
    test(`the pages of ${login} on a ${screen}`, async (t) => {
      const page = await open(t, stage);
      await signIn(page, login);
      await walk(page, `${screen}-${login}`, known, expected);
    });
  }
}

/** Follows links to one page of each kind. What `known` holds has been looked at; only the first is looked at again. */
async function walk(page, label, known, expected) {
  const met = new Set();
  const ahead = ['/'];
  while (ahead.length > 0) {
    await page.goto(ahead.shift());
    const kind = kindOf(page.url());
    met.add(kind);
    const name = `${label}${kind.replaceAll('/*', '-one').replaceAll('/', '-')}`;
    if (!known.has(kind)) await look(page, name);
    else if (met.size === 1) await glance(page, name);
    else await fits(page, name);
    known.add(kind);
    for (const url of await page.locator('a').evaluateAll((links) => links.map((link) => link.href))) {
      if (!url.startsWith(stage.server.url) || isFile(url) || met.has(kindOf(url))) continue;
      met.add(kindOf(url));
      ahead.push(url);
    }
  }
  const missing = expected.filter((kind) => !met.has(kind));
  assert.deepEqual(missing, [], 'nothing leads there');
}

/** The path of an address with a star for each identifier, setting, place code or receipt code; / stands for where it leads. */
const kindOf = (url) => new URL(url).pathname.replace(/^\/settings\/.+/, '/settings/*').replace(/\/(?=[^/]*\d|[A-Z]{12})[\w-]{8,}(?=\/|$)/g, '/*');

const isFile = (url) => /\/photos\/|\/proofs\/.|\/audit\/anchor$|\/file$|\/lecture-summary\/|\.(xlsx|docx|ics|json)$/.test(new URL(url).pathname);
