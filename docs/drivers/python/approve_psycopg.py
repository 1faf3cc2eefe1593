"""Approves an invoice with psycopg 3: python approve_psycopg.py USER INVOICE"""
import os
import random
import sys
import time

import psycopg
from psycopg.pq import TransactionStatus

from checkpoints import prompt, question, token


def transaction(connection, user, tickets, work):
    """Runs work in a transaction of a user, with the gates of the tickets open. It runs work again after a
    serialization failure or a deadlock: the tickets are still valid."""
    attempt = 1
    while True:
        try:
            with connection.transaction():
                connection.execute("select postern.begin_session(%s)", [token(user)])
                for ticket in tickets:
                    connection.execute("select postern.open_gates(%s::uuid)", [ticket])
                result = work(connection)
                if connection.info.transaction_status != TransactionStatus.INTRANS:
                    raise RuntimeError("work has swallowed an error, and nothing is committed")
            return result
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
            if attempt == 5:
                raise
        time.sleep(random.random() * 0.01 * 2**attempt)
        attempt += 1


def authenticate(connection, asked, answer):
    connection.execute("set local log_parameter_max_length_on_error = 0")
    return connection.execute(
        "select postern.authenticate(%s, %s, %s, %s)",
        [asked["challenge"], answer["username"], answer["pin"], answer["comment"]],
    ).fetchone()[0]


def cancel(connection, asked, answer):
    connection.execute("select postern.cancel(%s, %s)", [asked["challenge"], answer["comment"]])


def run(connection, user, work):
    """Runs work, and asks for each approval that it needs. An answer without a PIN cancels."""
    tickets = []
    while True:
        try:
            return transaction(connection, user, tickets, work)
        except psycopg.Error as error:
            if error.sqlstate != "PS101":
                raise
            asked = question(error.diag.message_detail)
            answer = prompt(asked)
            if not answer["pin"]:
                transaction(connection, user, [], lambda c: cancel(c, asked, answer))
                raise
            tickets.append(transaction(connection, user, [], lambda c: authenticate(c, asked, answer)))


user, invoice = sys.argv[1:]
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    try:
        run(connection, user, lambda c: c.execute("select public.approve_invoice(%s)", [invoice]))
        print("Approved.")
    except psycopg.Error as error:
        sys.exit(f"{error.sqlstate} {error.diag.message_primary}")
