# Two clients of one pooler take turns with psycopg: turns_psycopg.py [THRESHOLD]
import os
import sys

import psycopg

options = {}
if len(sys.argv) > 1:
    options['prepare_threshold'] = None if sys.argv[1] == 'None' else int(sys.argv[1])
clients = [psycopg.connect(os.environ['DATABASE_URL'], **options) for _ in range(2)]
for turn in range(24):
    with clients[turn % 2].transaction():
        clients[turn % 2].execute('select postern.assume_user(%s)', ['ALICE'])
        row = clients[turn % 2].execute('select postern.current_userid(), %s::integer', [turn]).fetchone()
        assert row == ('ALICE', turn), row
for client in clients:
    client.close()
