// Other programs: a tester that reads the OpenAPI document and asks everything that it allows and much that it does not, and a client of
// Open311 that somebody else has written.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance } from './support/look.mjs';
import { rows, workbook } from './support/office.mjs';
import { community, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const tools = resolve(process.env.DOORSTEP_VENV ?? '.venv', 'bin');
let token;
const often = ['--token-requests-per-minute', '1000000', '--public-posts-per-hour', '1000000'];
const stage = setStage(often);

/** Runs a program of Python and gives what it says; fails with that if it fails. */
async function run(program, args, input = '') {
  // What they keep for the next time would make it another one.
  const cwd = await mkdtemp(join(tmpdir(), 'doorstep-interface-'));
  const child = spawn(join(tools, program), args, { cwd, env: { ...process.env, NO_COLOR: '1', PYTHONUTF8: '1', COLUMNS: '160' } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  await rm(cwd, { recursive: true, force: true });
  assert.equal(code, 0, said);
  return said;
}

test('an administrator makes a token, which is shown once', async (t) => {
  const page = await desktop(t, stage);
  await signIn(page, 'xitong');
  await page.getByRole('link', { name: '接口令牌' }).click();
  await page.getByText('还没有令牌').waitFor();
  await glance(page, 'tokens-none');
  await page.getByRole('main').getByRole('link', { name: '新建令牌' }).click();
  await page.getByLabel('给哪个程序用').fill('街道数据大屏');
  for (const scope of await page.getByRole('group', { name: '能做什么' }).getByRole('checkbox').all()) await scope.check();
  await page.getByLabel('用到哪一天').fill(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10));
  await glance(page, 'token-new');
  await page.getByRole('button', { name: '建立令牌' }).click();
  token = await page.getByLabel('现在就复制这一串').inputValue();
  assert.match(token, /^[\w-]{64}$/);
  await glance(page, 'token-sheet');
  await page.goto('/tokens');
  assert(!(await page.content()).includes(token));
  await page.getByText('等书记批准').waitFor();
  await glance(page, 'tokens');
});

test('the secretary approves it, since it shows what residents have said', async (t) => {
  const page = await desktop(t, stage);
  await signIn(page, 'shuji');
  await page.goto('/today');
  await page.getByRole('link', { name: '街道数据大屏' }).click();
  await glance(page, 'token-approvals');
  await page.getByRole('button', { name: /^批准.*街道数据大屏的令牌/ }).click();
  await page.getByText('在用').waitFor();
  await glance(page, 'token-approved');
});

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'missing_required_header',
  'unsupported_method',
  'ignored_auth',
];

/** Walks the document with a seed that is always the same; gives how many operations were walked. */
async function walk(...more) {
  const seed = ['--seed', '20261123', '--max-examples', '40', '--max-time', '40', '--suppress-health-check', 'all'];
  const said = await run('schemathesis', [
    'run',
    `${stage.server.url}/api/openapi.json`,
    ...['--checks', checks.join(',')],
    ...['--phases', 'examples,coverage,fuzzing'],
    ...seed,
    ...more,
  ]);
  const [, tested] = said.match(/Tested: (\d+)/) ?? assert.fail(said);
  return Number(tested);
}

const ask = async (path) => {
  const answer = await fetch(`${stage.server.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  return answer.json();
};

test('nothing that the document allows, or forbids, ends in what it does not say: with a token', async () => {
  const operations = await walk('--header', `Authorization:Bearer ${token}`);
  assert(operations >= 25, `${operations} operations`);
  // It got through the door, and did not only knock.
  const { items } = await ask(`issues?updated_since=${new Date(Date.now() - 600_000).toISOString()}&limit=200`);
  assert(items.some((issue) => issue.source === 'interface'), 'the tester filed nothing');
});

test('nothing that the document allows, or forbids, ends in what it does not say: without one', async () => {
  assert((await walk()) >= 25);
});

/** What a resident does with a client, told in the client's own language. */
const story = `
import json, sys
import requests
from georeport import GeoReport

url, community, key = json.loads(sys.stdin.read())
found = requests.get(url + '/open311/v2/discovery.json').json()
root = next(e['url'] for e in found['endpoints'] if e['specification'].endswith('GeoReport_v2'))
seen = []
for form in ('json', 'xml'):
    client = GeoReport(root, jurisdiction=community, api_key=key, output_format=form)
    services = client.get_service_list()
    lamp = next(s for s in services if s['service_name'] == '公共照明')
    definition = client.get_service_definition(lamp['service_code'])
    estates = definition['attributes'] if form == 'json' else definition['attributes']['attribute']
    filed = requests.post(f'{root}/requests.json', data={
        'jurisdiction_id': community, 'api_key': key, 'service_code': lamp['service_code'],
        'description': '大门口路灯连着三晚不亮', 'address_string': '大门口'})
    assert filed.status_code == 201, filed.text
    one = filed.json()[0]
    assert '回执码' in one['service_notice'], one
    request = client.get_service_request(one['service_request_id'])
    request = request[0] if isinstance(request, list) else request
    assert request['status'] == 'open' and request['service_name'] == '公共照明', request
    listed = client.get_service_requests(status='open,closed')
    assert all(r['service_request_id'] != one['service_request_id'] for r in listed), 'it hangs nowhere'
    seen.append((len(services), len(listed), [(r['service_request_id'], r['status'], r['description']) for r in listed]))
assert seen[0] == seen[1], 'XML and JSON say the same'
print(seen[0][0], seen[0][1])
`;

test('a client of Open311 finds, files and follows, in both formats', async () => {
  const said = await run('python', ['-c', story], JSON.stringify([stage.server.url, community, token]));
  const [services, listed] = said.trim().split(' ').map(Number);
  assert.equal(services, 19);
  assert(listed > 0, 'the demonstration has results on its board');
});

const orders = [
  ['工单号', '来电时间', '诉求类型', '主要内容', '来电人', '来电号码', '办理时限'],
  ['TY-0001', '2026-11-22 16:40', '投诉', '3号楼电梯停了两天', '王建国', '13800001234', ''],
  ['TY-0002', '昨天', '咨询', '问一下物业费怎么交', '贺女士', '', ''],
];

test('a workbook of the hotline is looked at, taken in and answered', async (t) => {
  const page = await phone(t, stage);
  await signIn(page, 'shegong');
  await page.goto('/work-orders');
  await glance(page, 'orders-none');
  const file = { name: '工单.xlsx', mimeType: 'application/octet-stream', buffer: await workbook(orders) };
  await page.getByLabel('12345 转来的工单表').setInputFiles(file);
  await page.getByRole('button', { name: '看看这张表' }).click();
  await page.getByText('时间看不懂').waitFor();
  await glance(page, 'orders-look');
  await page.getByRole('button', { name: '导入 1 件' }).click();
  await page.getByText('导入了 1 件').waitFor();
  await glance(page, 'orders');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '导出回复表' }).click(),
  ]);
  const [heading, row, ...more] = await rows(await readFile(await download.path()));
  assert.deepEqual(heading.slice(0, 7), orders[0]);
  assert.deepEqual([row[0], row[3], row[4], row[7]], ['TY-0001', '3号楼电梯停了两天', '王*国', '待受理']);
  assert.equal(more.length, 0);
});
