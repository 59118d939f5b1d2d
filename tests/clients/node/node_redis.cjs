// Every command group through node's `redis`, over RESP3; one test per group.
//
// Owns: what node-redis makes of our replies: maps, doubles, nulls and verbatim types of RESP3.
// Each test has a client of its own and begins with an empty database. FERROCK_PORT names the
// server, NODE_PATH the directory with the packages.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { createClient } = require('redis');

const PORT = Number(process.env.FERROCK_PORT);
const DATABASE = 9;

async function connect(RESP = 3) {
  const socket = { host: '127.0.0.1', port: PORT, reconnectStrategy: false };
  const client = createClient({ socket, database: DATABASE, RESP });
  client.on('error', () => {});
  return client.connect();
}

// Replies hold objects without a prototype; compared as what they print.
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

function group(name, body) {
  test(`node-redis ${name}`, { timeout: 20_000 }, async () => {
    const client = await connect();
    try {
      await client.flushDb();
      await body(client);
    } finally {
      client.destroy();
    }
  });
}

group('strings', async (client) => {
  assert.equal(await client.set('a', '1', { expiration: { type: 'EX', value: 100 } }), 'OK');
  assert.equal(await client.set('a', '2', { condition: 'NX' }), null);
  assert.equal(await client.incrBy('a', 41), 42);
  assert.equal(await client.getRange('a', 0, 0), '4');
  assert.deepEqual(await client.mGet(['a', 'missing']), ['42', null]);
  assert.equal(await client.getDel('a'), '42');
  await client.set('word', 'x');
  await assert.rejects(client.incr('word'), /ERR value is not an integer or out of range/);
});

group('bitmaps', async (client) => {
  assert.equal(await client.setBit('bits', 100, 1), 0);
  assert.equal(await client.getBit('bits', 100), 1);
  assert.equal(await client.bitCount('bits'), 1);
  assert.equal(await client.bitPos('bits', 1), 100);
});

group('keys and expiry', async (client) => {
  await client.mSet({ a: '1', b: '2' });
  assert.equal(await client.expire('a', 100), 1);
  assert.ok((await client.ttl('a')) > 90);
  assert.equal(await client.persist('a'), 1);
  assert.equal(await client.rename('a', 'c'), 'OK');
  assert.equal(await client.type('c'), 'string');
  assert.equal(await client.exists(['b', 'c', 'a']), 2);
  assert.equal(await client.unlink(['b', 'c']), 2);
  assert.equal(await client.dbSize(), 0);
});

group('scan iterators', async (client) => {
  await client.mSet(Array.from({ length: 500 }, (_, n) => [`key:${n}`, `${n}`]));
  const keys = new Set();
  for await (const page of client.scanIterator({ MATCH: 'key:*', COUNT: 50 })) {
    for (const key of page) keys.add(key);
  }
  assert.equal(keys.size, 500);
  await client.sAdd('set', Array.from({ length: 900 }, (_, n) => `m${n}`));
  const members = new Set();
  for await (const page of client.sScanIterator('set', { COUNT: 50 })) {
    for (const member of page) members.add(member);
  }
  assert.equal(members.size, 900);
});

group('lists', async (client) => {
  assert.equal(await client.rPush('l', ['a', 'b', 'c', 'd']), 4);
  assert.deepEqual(await client.lRange('l', 0, -1), ['a', 'b', 'c', 'd']);
  assert.equal(await client.lInsert('l', 'BEFORE', 'b', 'ab'), 5);
  assert.equal(await client.lIndex('l', -1), 'd');
  assert.equal(await client.lPos('l', 'c'), 3);
  assert.equal(await client.lMove('l', 'm', 'LEFT', 'RIGHT'), 'a');
  assert.deepEqual(await client.lPopCount('l', 2), ['ab', 'b']);
  assert.deepEqual(await client.lmPop(['none', 'l'], 'LEFT', { COUNT: 5 }), ['l', ['c', 'd']]);
  assert.equal(await client.lLen('l'), 0);
});

group('blocking lists', async (client) => {
  const pusher = await connect();
  try {
    const waiting = client.blPop(['first', 'second'], 10);
    await pusher.rPush('second', 'v');
    assert.deepEqual(plain(await waiting), { key: 'second', element: 'v' });
    assert.equal(await client.brPop('none', 0.05), null);
  } finally {
    pusher.destroy();
  }
});

group('hashes', async (client) => {
  assert.equal(await client.hSet('h', { a: 1, b: 2, c: 'three' }), 3);
  assert.deepEqual(plain(await client.hGetAll('h')), { a: '1', b: '2', c: 'three' });
  assert.deepEqual(await client.hmGet('h', ['a', 'missing']), ['1', null]);
  assert.equal(await client.hIncrBy('h', 'a', 9), 10);
  assert.equal(await client.hExists('h', 'c'), 1);
  assert.deepEqual((await client.hVals('h')).sort(), ['10', '2', 'three']);
  assert.equal((await client.hRandFieldCount('h', 2)).length, 2);
  assert.equal(await client.hDel('h', ['a', 'missing']), 1);
});

group('hash field expiry', async (client) => {
  await client.hSet('h', { a: 1, b: 2 });
  assert.deepEqual(await client.hExpire('h', ['a', 'none'], 100), [1, -2]);
  const [ttl] = await client.hTTL('h', ['a']);
  assert.ok(ttl > 90 && ttl <= 100);
  assert.deepEqual(await client.hPersist('h', ['a']), [1]);
});

group('sets', async (client) => {
  assert.equal(await client.sAdd('s', ['a', 'b', 'c', 'a']), 3);
  assert.equal(await client.sAdd('t', ['b', 'c', 'd']), 3);
  assert.deepEqual((await client.sInter(['s', 't'])).sort(), ['b', 'c']);
  assert.deepEqual((await client.sMembers('s')).sort(), ['a', 'b', 'c']);
  assert.equal(await client.sInterCard(['s', 't']), 2);
  assert.deepEqual(await client.smIsMember('s', ['a', 'd']), [1, 0]);
  assert.equal(await client.sDiffStore('u', ['s', 't']), 1);
  assert.equal(await client.sPop('u'), 'a');
});

group('sorted sets', async (client) => {
  const members = [{ score: 1, value: 'a' }, { score: 2.5, value: 'b' }];
  assert.equal(await client.zAdd('z', members), 2);
  assert.deepEqual(plain(await client.zRangeWithScores('z', 0, -1)),
    [{ value: 'a', score: 1 }, { value: 'b', score: 2.5 }]);
  assert.equal(await client.zScore('z', 'b'), 2.5);
  assert.equal(await client.zIncrBy('z', 0.5, 'a'), 1.5);
  assert.equal(await client.zRank('z', 'b'), 1);
  assert.deepEqual(await client.zmScore('z', ['a', 'none']), [1.5, null]);
  assert.equal(await client.zAdd('z', { score: Infinity, value: 'top' }), 1);
  assert.equal(await client.zScore('z', 'top'), Infinity);
  assert.deepEqual(plain(await client.zPopMin('z')), { value: 'a', score: 1.5 });
  assert.deepEqual(await client.zRangeByScore('z', 0, 5), ['b']);
});

group('streams and consumer groups', async (client) => {
  assert.equal(await client.xAdd('x', '1-1', { f: 'v' }), '1-1');
  assert.equal(await client.xAdd('x', '2-0', { f: 'w' }), '2-0');
  const [first] = plain(await client.xRange('x', '-', '+', { COUNT: 1 }));
  assert.equal(first.id, '1-1');
  assert.deepEqual(first.message, { f: 'v' });
  assert.equal(await client.xGroupCreate('x', 'g', '0'), 'OK');
  const raw = await client.sendCommand(
    ['XREADGROUP', 'GROUP', 'g', 'one', 'COUNT', '9', 'STREAMS', 'x', '>']);
  assert.equal(JSON.stringify(raw).includes('2-0'), true);
  const pending = await client.xPending('x', 'g');
  assert.equal(pending.pending, 2);
  assert.equal(await client.xAck('x', 'g', '1-1'), 1);
  const info = plain(await client.xInfoStream('x'));
  assert.equal(info.length, 2);
  assert.equal(await client.xTrim('x', 'MAXLEN', 1), 1);
});

group('geo', async (client) => {
  await client.geoAdd('g', [
    { longitude: 13.361389, latitude: 38.115556, member: 'Palermo' },
    { longitude: 15.087269, latitude: 37.502669, member: 'Catania' },
  ]);
  assert.equal(Number(await client.geoDist('g', 'Palermo', 'Catania', 'km')), 166.2742);
  const found = await client.geoSearch('g', { longitude: 15, latitude: 37 },
    { radius: 200, unit: 'km' }, { SORT: 'ASC' });
  assert.deepEqual(found, ['Catania', 'Palermo']);
});

group('hyperloglog', async (client) => {
  assert.equal(await client.pfAdd('h', Array.from({ length: 1000 }, (_, n) => `v${n}`)), 1);
  assert.ok(Math.abs((await client.pfCount('h')) - 1000) < 40);
  assert.equal(await client.pfMerge('both', ['h']), 'OK');
});

group('sort and object', async (client) => {
  await client.rPush('l', ['3', '1', '2']);
  assert.deepEqual(await client.sort('l', { DIRECTION: 'DESC' }), ['3', '2', '1']);
  assert.match(await client.objectEncoding('l'), /^(listpack|quicklist)$/);
  assert.ok((await client.memoryUsage('l')) > 0);
});

group('automatic pipelining', async (client) => {
  const writes = Array.from({ length: 2000 }, (_, n) => client.hSet('h', `f${n}`, `${n}`));
  assert.ok((await Promise.all(writes)).every((added) => added === 1));
  assert.equal(await client.hLen('h'), 2000);
});

group('transactions', async (client) => {
  assert.deepEqual(await client.multi().set('a', '1').incr('a').exec(), ['OK', 2]);
});
