// Every command group through ioredis, as a program would use it; one test per group.
//
// Owns: what ioredis makes of our replies. Each test has a client of its own and begins with an
// empty database. FERROCK_PORT names the server, NODE_PATH the directory with the packages.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const Redis = require('ioredis');

const PORT = Number(process.env.FERROCK_PORT);
const DATABASE = 9;

function connect(options = {}) {
  return new Redis(PORT, '127.0.0.1', { db: DATABASE, retryStrategy: () => null, ...options });
}

function group(name, body) {
  test(`ioredis ${name}`, { timeout: 20_000 }, async () => {
    const redis = connect();
    redis.on('error', () => {});
    try {
      await redis.flushdb();
      await body(redis);
    } finally {
      redis.disconnect();
    }
  });
}

group('strings', async (redis) => {
  assert.equal(await redis.set('a', '1', 'EX', 100, 'NX'), 'OK');
  assert.equal(await redis.set('a', '2', 'NX'), null);
  assert.equal(await redis.incrby('a', 41), 42);
  assert.equal(await redis.incrbyfloat('a', 0.5), '42.5');
  assert.equal(await redis.append('a', '!'), 5);
  assert.equal(await redis.getrange('a', -2, -1), '5!');
  assert.deepEqual(await redis.mget('a', 'missing'), ['42.5!', null]);
  const bytes = Buffer.from([0, 255, 13, 10, 128]);
  await redis.set('bytes', bytes);
  assert.deepEqual(await redis.getBuffer('bytes'), bytes);
  assert.equal(await redis.getdel('a'), '42.5!');
  await assert.rejects(redis.incr('bytes'), /ERR value is not an integer or out of range/);
});

group('bitmaps', async (redis) => {
  assert.equal(await redis.setbit('bits', 100, 1), 0);
  assert.equal(await redis.getbit('bits', 100), 1);
  assert.equal(await redis.bitcount('bits'), 1);
  assert.equal(await redis.bitpos('bits', 1), 100);
  assert.deepEqual(await redis.bitfield('f', 'SET', 'u8', 0, 255, 'INCRBY', 'u8', 0, 10), [0, 9]);
  await redis.set('other', '\xff', 'EX', 10);
  assert.ok((await redis.bitop('OR', 'both', 'bits', 'other')) >= 13);
});

group('keys and expiry', async (redis) => {
  await redis.mset('a', '1', 'b', '2', 'c', '3');
  assert.equal(await redis.expire('a', 100), 1);
  assert.ok((await redis.pttl('a')) > 90_000);
  assert.equal(await redis.persist('a'), 1);
  assert.equal(await redis.ttl('a'), -1);
  assert.equal(await redis.rename('a', 'd'), 'OK');
  assert.equal(await redis.copy('d', 'e'), 1);
  assert.equal(await redis.type('e'), 'string');
  assert.equal(await redis.exists('b', 'c', 'd', 'e', 'a'), 4);
  assert.equal(await redis.unlink('b', 'c'), 2);
  assert.deepEqual((await redis.keys('*')).sort(), ['d', 'e']);
  assert.equal(await redis.dbsize(), 2);
});

group('scan streams', async (redis) => {
  const pairs = Array.from({ length: 500 }, (_, n) => [`key:${n}`, n]).flat();
  await redis.mset(...pairs);
  const found = new Set();
  for await (const page of redis.scanStream({ match: 'key:*', count: 50 })) {
    for (const key of page) found.add(key);
  }
  assert.equal(found.size, 500);
  await redis.hset('hash', Object.fromEntries(Array.from({ length: 900 }, (_, n) => [n, n])));
  const fields = new Map();
  for await (const page of redis.hscanStream('hash', { count: 50 })) {
    for (let i = 0; i < page.length; i += 2) fields.set(page[i], page[i + 1]);
  }
  assert.equal(fields.size, 900);
  assert.ok([...fields].every(([field, value]) => field === value));
});

group('lists', async (redis) => {
  assert.equal(await redis.rpush('l', 'a', 'b', 'c', 'd'), 4);
  assert.equal(await redis.lpush('l', 'z'), 5);
  assert.deepEqual(await redis.lrange('l', 0, -1), ['z', 'a', 'b', 'c', 'd']);
  assert.equal(await redis.linsert('l', 'AFTER', 'a', 'aa'), 6);
  assert.equal(await redis.lindex('l', -1), 'd');
  assert.equal(await redis.lset('l', 0, 'y'), 'OK');
  assert.equal(await redis.lpos('l', 'c'), 4);
  assert.equal(await redis.lmove('l', 'm', 'LEFT', 'RIGHT'), 'y');
  assert.equal(await redis.lrem('l', 1, 'aa'), 1);
  assert.deepEqual(await redis.lpop('l', 2), ['a', 'b']);
  assert.equal(await redis.ltrim('l', 0, 0), 'OK');
  assert.deepEqual(await redis.lmpop(2, 'none', 'l', 'LEFT', 'COUNT', 9), ['l', ['c']]);
  await assert.rejects(redis.get('m'), /WRONGTYPE/);
});

group('blocking lists', async (redis) => {
  const pusher = connect();
  try {
    const waiting = redis.blpop('first', 'second', 10);
    await pusher.rpush('second', 'v');
    assert.deepEqual(await waiting, ['second', 'v']);
    assert.equal(await redis.brpop('none', 0.05), null);
    const moved = redis.blmove('from', 'to', 'LEFT', 'RIGHT', 10);
    await pusher.lpush('from', 'w');
    assert.equal(await moved, 'w');
    assert.deepEqual(await redis.lrange('to', 0, -1), ['w']);
    const popped = redis.bzpopmin('z', 10);
    await pusher.zadd('z', 1.5, 'm');
    assert.deepEqual(await popped, ['z', 'm', '1.5']);
  } finally {
    pusher.disconnect();
  }
});

group('hashes', async (redis) => {
  assert.equal(await redis.hset('h', { a: 1, b: 2, c: 'three' }), 3);
  assert.deepEqual(await redis.hgetall('h'), { a: '1', b: '2', c: 'three' });
  assert.deepEqual(await redis.hmget('h', 'a', 'missing'), ['1', null]);
  assert.equal(await redis.hincrby('h', 'a', 9), 10);
  assert.equal(await redis.hincrbyfloat('h', 'b', 0.25), '2.25');
  assert.equal(await redis.hsetnx('h', 'a', 'x'), 0);
  assert.equal(await redis.hlen('h'), 3);
  assert.equal(await redis.hstrlen('h', 'c'), 5);
  assert.deepEqual((await redis.hkeys('h')).sort(), ['a', 'b', 'c']);
  assert.equal((await redis.hrandfield('h', 2, 'WITHVALUES')).length, 4);
  assert.equal(await redis.hdel('h', 'a', 'missing'), 1);
  assert.equal(await redis.hexists('h', 'a'), 0);
});

group('hash field expiry', async (redis) => {
  await redis.hset('h', { a: 1, b: 2 });
  assert.deepEqual(await redis.call('HEXPIRE', 'h', 100, 'FIELDS', 2, 'a', 'none'), [1, -2]);
  const [ttl] = await redis.call('HTTL', 'h', 'FIELDS', 1, 'a');
  assert.ok(ttl > 90 && ttl <= 100);
  assert.deepEqual(await redis.call('HPERSIST', 'h', 'FIELDS', 1, 'a'), [1]);
  assert.deepEqual(await redis.call('HPEXPIREAT', 'h', 1, 'FIELDS', 1, 'a'), [2]);
  assert.equal(await redis.hget('h', 'a'), null);
  assert.equal(await redis.hlen('h'), 1);
});

group('sets', async (redis) => {
  assert.equal(await redis.sadd('s', 'a', 'b', 'c', 'a'), 3);
  assert.equal(await redis.sadd('t', 'b', 'c', 'd'), 3);
  assert.deepEqual((await redis.sinter('s', 't')).sort(), ['b', 'c']);
  assert.deepEqual((await redis.sunion('s', 't')).sort(), ['a', 'b', 'c', 'd']);
  assert.deepEqual(await redis.sdiff('s', 't'), ['a']);
  assert.equal(await redis.sintercard(2, 's', 't', 'LIMIT', 1), 1);
  assert.deepEqual(await redis.smismember('s', 'a', 'd'), [1, 0]);
  assert.equal(await redis.smove('s', 't', 'a'), 1);
  assert.equal(await redis.sunionstore('u', 's', 't'), 4);
  assert.equal((await redis.srandmember('u', -6)).length, 6);
  assert.equal((await redis.spop('u', 10)).length, 4);
  assert.equal(await redis.exists('u'), 0);
});

group('sorted sets', async (redis) => {
  assert.equal(await redis.zadd('z', 1, 'a', 2, 'b', 3, 'c'), 3);
  assert.equal(await redis.zadd('z', 'GT', 'CH', 5, 'a', 1, 'b'), 1);
  assert.deepEqual(await redis.zrange('z', 0, -1, 'WITHSCORES'), ['b', '2', 'c', '3', 'a', '5']);
  assert.deepEqual(await redis.zrange('z', '(2', '+inf', 'BYSCORE', 'LIMIT', 0, 1), ['c']);
  assert.equal(await redis.zrank('z', 'a'), 2);
  assert.equal(await redis.zincrby('z', 0.5, 'b'), '2.5');
  assert.equal(await redis.zcount('z', 2, 3), 2);
  assert.deepEqual(await redis.zmscore('z', 'a', 'none'), ['5', null]);
  assert.equal(await redis.zadd('lex', 0, 'x', 0, 'y', 0, 'z'), 3);
  assert.deepEqual(await redis.zrangebylex('lex', '[y', '+'), ['y', 'z']);
  assert.equal(await redis.zunionstore('u', 2, 'z', 'lex', 'WEIGHTS', 2, 1), 6);
  assert.deepEqual(await redis.zpopmax('u'), ['a', '10']);
  assert.equal(await redis.zremrangebyrank('u', 0, 2), 3);
  assert.equal(await redis.zcard('u'), 2);
});

group('streams', async (redis) => {
  assert.equal(await redis.xadd('x', '1-1', 'f', 'v'), '1-1');
  assert.equal(await redis.xadd('x', '1-*', 'f', 'w'), '1-2');
  assert.equal(await redis.xlen('x'), 2);
  assert.deepEqual(await redis.xrange('x', '-', '+', 'COUNT', 1), [['1-1', ['f', 'v']]]);
  assert.deepEqual(await redis.xread('COUNT', 9, 'STREAMS', 'x', '1-1'),
    [['x', [['1-2', ['f', 'w']]]]]);
  await assert.rejects(redis.xadd('x', '1-1', 'f', 'v'), /equal or smaller than the target/);
  const reader = connect();
  try {
    const waiting = reader.xread('BLOCK', 10_000, 'STREAMS', 'x', '1-2');
    assert.equal(await redis.xadd('x', '2-0', 'g', 'u'), '2-0');
    const [[, [entry]]] = await waiting;
    assert.deepEqual(entry, ['2-0', ['g', 'u']]);
  } finally {
    reader.disconnect();
  }
  assert.equal(await redis.xtrim('x', 'MAXLEN', 1), 2);
});

group('consumer groups', async (redis) => {
  assert.equal(await redis.xgroup('CREATE', 'x', 'g', '0', 'MKSTREAM'), 'OK');
  await redis.xadd('x', '1-0', 'f', 'v');
  await redis.xadd('x', '2-0', 'f', 'w');
  const read = await redis.xreadgroup('GROUP', 'g', 'one', 'COUNT', 9, 'STREAMS', 'x', '>');
  assert.deepEqual(read, [['x', [['1-0', ['f', 'v']], ['2-0', ['f', 'w']]]]]);
  assert.deepEqual(await redis.xpending('x', 'g'), [2, '1-0', '2-0', [['one', '2']]]);
  assert.equal(await redis.xack('x', 'g', '1-0'), 1);
  const claimed = await redis.xautoclaim('x', 'g', 'two', 0, '0');
  assert.deepEqual(claimed.slice(0, 2), ['0-0', [['2-0', ['f', 'w']]]]);
  const pending = await redis.xpending('x', 'g', '-', '+', 10);
  assert.equal(pending[0][1], 'two');
  await assert.rejects(redis.xgroup('CREATE', 'x', 'g', '0'), /BUSYGROUP/);
  const info = await redis.xinfo('GROUPS', 'x');
  assert.equal(info.length, 1);
});

group('geo', async (redis) => {
  await redis.geoadd('g', 13.361389, 38.115556, 'Palermo', 15.087269, 37.502669, 'Catania');
  assert.equal(await redis.geodist('g', 'Palermo', 'Catania', 'km'), '166.2742');
  assert.deepEqual(await redis.geohash('g', 'Palermo'), ['sqc8b49rny0']);
  const found = await redis.geosearch('g', 'FROMLONLAT', 15, 37, 'BYRADIUS', 200, 'km', 'ASC');
  assert.deepEqual(found, ['Catania', 'Palermo']);
  const [[longitude]] = await redis.geopos('g', 'Palermo');
  assert.ok(Math.abs(Number(longitude) - 13.361389) < 1e-5);
});

group('hyperloglog', async (redis) => {
  const values = Array.from({ length: 1000 }, (_, n) => `v${n}`);
  assert.equal(await redis.pfadd('h', ...values), 1);
  const estimate = await redis.pfcount('h');
  assert.ok(Math.abs(estimate - 1000) < 40, `${estimate}`);
  await redis.pfadd('i', 'other');
  assert.equal(await redis.pfmerge('both', 'h', 'i'), 'OK');
  assert.ok((await redis.pfcount('both')) >= estimate);
});

group('sort, dump and restore', async (redis) => {
  await redis.rpush('l', 3, 1, 2);
  await redis.mset('w:1', 30, 'w:2', 20, 'w:3', 10);
  assert.deepEqual(await redis.sort('l'), ['1', '2', '3']);
  assert.deepEqual(await redis.sort('l', 'BY', 'w:*', 'GET', '#', 'GET', 'w:*'),
    ['3', '10', '2', '20', '1', '30']);
  const payload = await redis.dumpBuffer('l');
  assert.equal(await redis.restore('copy', 0, payload), 'OK');
  assert.deepEqual(await redis.lrange('copy', 0, -1), ['3', '1', '2']);
  await assert.rejects(redis.restore('bad', 0, 'junk'), /DUMP payload version or checksum/);
});

group('pipelines', async (redis) => {
  const pipeline = redis.pipeline();
  for (let n = 0; n < 2000; n += 1) pipeline.hset('h', `f${n}`, n);
  pipeline.hlen('h').get('h');
  const results = await pipeline.exec();
  assert.equal(results.length, 2002);
  assert.deepEqual(results[2000], [null, 2000]);
  assert.match(results[2001][0].message, /WRONGTYPE/);
});

group('transactions', async (redis) => {
  const results = await redis.multi().set('a', 1).incr('a').lpush('l', 'v').exec();
  assert.deepEqual(results, [[null, 'OK'], [null, 2], [null, 1]]);
});
