"""Reads what is left, with other code than qkron's, and says what is wrong with it."""

import collections

UNENDED = "SELECT count(*) FROM qkron.executions WHERE ended_at IS NULL"


class Verdict:
    def __init__(self, connection):
        self.connection = connection
        self.faults = []

    def rows(self, statement, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def expect(self, what, wrong):
        """Nothing may be wrong: a count, or a list of which some are shown."""
        if wrong:
            count = wrong if isinstance(wrong, int) else len(wrong)
            examples = "" if isinstance(wrong, int) else f", such as {sorted(map(str, wrong))[:3]}"
            self.faults.append(f"{what}: {count} not so{examples}")
        print(f"  {'FAULT' if wrong else 'ok   '}  {what}")

    def slots(self, tasks):
        """Every due slot has exactly one execution, and those that did not run are explained by their policy."""
        self.expect("no slot has two executions", self.rows(
            """
            SELECT task_id, scheduled_for FROM qkron.executions WHERE trigger = 'schedule'
            GROUP BY 1, 2 HAVING count(*) > 1
            """))
        self.expect("no slot between a task's first and last is without an execution", self.rows(
            """
            SELECT task_id, slot, gap FROM (
                SELECT task_id, scheduled_for AS slot,
                       scheduled_for - lag(scheduled_for) OVER (PARTITION BY task_id ORDER BY scheduled_for) AS gap
                FROM qkron.executions WHERE trigger = 'schedule') AS gaps
            WHERE gap <> interval '1 second'
            """))
        self.expect("the first slot came with the task, the last one with its pause", self.rows(
            """
            SELECT t.name, t.created_at, min(e.scheduled_for), max(e.scheduled_for), t.updated_at
            FROM qkron.tasks t LEFT JOIN qkron.executions e ON e.task_id = t.id AND e.trigger = 'schedule'
            WHERE t.id = ANY(%s::uuid[]) GROUP BY t.id
            HAVING count(e.id) = 0 OR min(e.scheduled_for) > t.created_at + interval '1 second'
                OR max(e.scheduled_for) < t.updated_at - interval '3 seconds'
            """, list(tasks)))
        found = self.rows(
            """
            SELECT task_id::text, reason, scheduled_for, created_at - scheduled_for > interval '1 second'
            FROM qkron.executions WHERE status = 'skipped'
            """)
        self.expect("only slots that their task's policy passes over were skipped", [
            row for row in found
            if row[0] not in tasks or row[1] not in tasks[row[0]].may_skip or (row[1] == "misfire" and not row[3])])

    def executions(self):
        """Nothing runs any more, nothing failed but what was lost or stopped, and that was tried again."""
        self.expect("no execution is unended", self.rows(UNENDED)[0][0])
        self.expect("nothing failed but what was lost", self.rows(
            "SELECT id, status, reason FROM qkron.executions WHERE status NOT IN ('completed', 'skipped')"
            " AND NOT (status = 'failed' AND reason IN ('lost', 'shutdown'))"))
        self.expect("every lost run has one retry", self.rows(
            """
            SELECT e.id FROM qkron.executions e
            LEFT JOIN qkron.executions r ON r.retry_of = e.id AND r.trigger = 'retry'
            WHERE e.reason IN ('lost', 'shutdown') AND e.attempt_number < 4 GROUP BY e.id HAVING count(r.id) <> 1
            """))

    def ledger(self, path):
        """What ran is what is recorded; no slot's command ran twice, unless its run was lost."""
        with open(path, encoding="utf-8") as file:
            lines = [tuple(line.split()) for line in file]
        known = {row[0]: row[1:] for row in self.rows(
            "SELECT id::text, status, reason, fencing_token, attempt_number FROM qkron.executions")}
        self.expect("every line of the ledger is whole", [line for line in lines if len(line) != 4])
        lines = [line for line in lines if len(line) == 4]
        counts = collections.Counter((execution, token) for _, _, execution, token in lines)
        self.expect("no attempt ran twice", [key for key, count in counts.items() if count > 1])
        self.expect("everything that ran is recorded", [line for line in lines if line[2] not in known])
        self.expect("no run is newer than its record", [
            line for line in lines if line[2] in known and int(line[3]) > (known[line[2]][2] or 0)])
        slots = collections.defaultdict(list)
        for task, slot, execution, token in lines:
            slots[task, slot].append((int(token), execution))
        twice = []
        for key, runs in slots.items():
            for _, execution in sorted(runs)[:-1]:
                if execution not in known or known[execution][1] not in ("lost", "shutdown"):
                    twice.append(key)
        self.expect("no slot ran twice, unless its first run was lost", twice)
        noted = {(execution, int(token)) for execution, token in counts}
        self.expect("everything recorded as completed ran", [
            execution for execution, (status, _, token, _) in known.items()
            if status == "completed" and (execution, token) not in noted])
        return len(lines)

    def writes(self, writers):
        """What was answered with 2xx is there."""
        names = dict(self.rows("SELECT id::text, name FROM qkron.tasks"))
        executions = {row[0] for row in self.rows("SELECT id::text FROM qkron.executions")}
        for wrong, what in (
            ([task for writer in writers for task in writer.names
              if task not in names and task not in writer.maybe_gone], "every task that was made is there"),
            ([task for writer in writers for task, maybe in writer.names.items()
              if task in names and names[task] not in maybe], "every change that was answered is there"),
            ([task for writer in writers for task in writer.gone if task in names],
             "every task that was deleted is gone"),
            ([run for writer in writers for run in writer.executions if run not in executions],
             "every run that was asked for is there"),
        ):
            self.expect(what, wrong)
        statuses = collections.Counter(request.status for writer in writers for request in writer.requests)
        self.expect("no request failed but by 503", sum(
            count for status, count in statuses.items() if not 200 <= status < 300 and status != 503))
        return statuses

    def census(self):
        return self.rows(
            """
            SELECT trigger, status, coalesce(reason, ''), count(*)
            FROM qkron.executions GROUP BY 1, 2, 3 ORDER BY 4 DESC
            """)

    def starts(self, tasks):
        """When executions of these tasks were made and started, with how late the slot then was."""
        return self.rows(
            """
            SELECT extract(epoch FROM scheduled_for)::float8, extract(epoch FROM created_at)::float8,
                   extract(epoch FROM started_at)::float8
            FROM qkron.executions WHERE trigger = 'schedule' AND task_id = ANY(%s::uuid[])
            """, list(tasks))
