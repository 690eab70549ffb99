import Domain
import Foundation
import Scheduling
import Testing

@testable import Declarations
@testable import qkron

@Suite struct CrontabTests {
    private static let now = Date(timeIntervalSince1970: 1_780_000_000)

    private func crontab(_ text: String, form: CrontabForm = .user, zone: String = "UTC") throws -> Crontab {
        Crontab(text, form: form, timezone: try ZoneRules.named(zone), now: Self.now, judge: try .server())
    }

    private func task(_ text: String, form: CrontabForm = .user) throws -> DeclaredTask {
        try #require(try crontab(text, form: form).tasks.first, "\(text)")
    }

    @Test func `a line becomes a task that does as cron does, explained by a sentence`() throws {
        let line = try #require(
            try crontab("# nightly\n\n30 2 * * 1-5\t/usr/local/bin/backup.sh --full >/dev/null 2>&1\n").lines.first)
        guard case .task(let task, let sentence) = line.meaning else {
            Issue.record("\(line)")
            return
        }
        #expect(line.number == 3 && line.notes.isEmpty)
        #expect(sentence == "Every weekday at 02:30, UTC")
        #expect(task.name == "backup.sh --full")
        #expect(task.fields["command"] == "/usr/local/bin/backup.sh --full >/dev/null 2>&1")
        #expect(task.fields["schedule"] == "30 2 * * 1-5" && task.fields["schedule_type"] == "cron")
        #expect(task.fields["max_retries"] == 0 && task.fields["timeout"] == 86_400)
        #expect(task.fields["overlap_policy"] == "allow" && task.fields["misfire_policy"] == "skip")
    }

    @Test func `a variable holds for the lines below it`() throws {
        let text = """
            * * * * * one
            PATH = /opt/bin:/bin
            "GREETING"='hello  there '
            HOME=/srv
            0 0 * * * two
            GREETING=
            0 0 * * * three
            """
        let tasks = try crontab(text).tasks
        #expect(tasks.map(\.name) == ["one", "two", "three"])
        #expect(tasks[0].fields["env"] == [:] && tasks[0].fields["working_directory"] == nil)
        #expect(tasks[1].fields["env"] == ["PATH": "/opt/bin:/bin", "GREETING": "hello  there ", "HOME": "/srv"])
        #expect(tasks[1].fields["working_directory"] == "/srv")
        #expect(tasks[2].fields["env"] == ["PATH": "/opt/bin:/bin", "GREETING": "", "HOME": "/srv"])
    }

    @Test func `CRON_TZ moves the times, TZ only the commands`() throws {
        let crontab = try crontab(
            "TZ=Asia/Tokyo\n0 9 * * * a\nCRON_TZ=America/New_York\n0 9 * * * b", zone: "Europe/Berlin")
        #expect(crontab.tasks.map { $0.fields["timezone"] } == ["Europe/Berlin", "America/New_York"])
        #expect(crontab.tasks[0].fields["env"] == ["TZ": "Asia/Tokyo"])
        #expect(crontab.lines[0].notes[0].contains("Europe/Berlin"))
        #expect(crontab.lines[2].notes[0].contains("America/New_York"))
        let wrong = try #require(try self.crontab("CRON_TZ=PST8").lines.first)
        guard case .refused = wrong.meaning else {
            Issue.record("\(wrong)")
            return
        }
    }

    @Test func `below a zone that is none no line is taken over, until there is one again`() throws {
        let crontab = try crontab(
            "0 9 * * * a\nCRON_TZ=Europa/Berlin\nTZ=UTC\n0 9 * * * b\n@daily c\nCRON_TZ=UTC\n0 9 * * * d",
            zone: "Asia/Tokyo")
        #expect(crontab.tasks.map(\.name) == ["a", "d"])
        #expect(crontab.tasks.map { $0.fields["timezone"] } == ["Asia/Tokyo", "UTC"])
        let reasons = crontab.lines.map { if case .refused(let reason) = $0.meaning { reason } else { "" } }
        #expect(reasons[1].contains("Europa/Berlin") && reasons[2] == "")
        #expect(reasons[3].contains("line 2") && reasons[4].contains("line 2") && reasons[6] == "", "\(reasons)")
    }

    @Test func `a line that the server would refuse is refused`() throws {
        let long = String(repeating: "x", count: 10_001)
        let line = try #require(try crontab("@daily \(long)").lines.first)
        guard case .refused(let reason) = line.meaning else {
            Issue.record("\(line)")
            return
        }
        #expect(reason == "command: must have at most 10,000 characters")
    }

    @Test(arguments: [
        ("MAILTO=root", "kept"), ("SHELL=/bin/bash", "/bin/bash"), ("RANDOM_DELAY=5", "5 min"), ("LOGNAME=x", "RUN_AS"),
        ("A=$HOME/x", "'$'"),
    ])
    func `what a variable means here is said`(line: String, words: String) throws {
        let line = try #require(try crontab(line).lines.first)
        guard case .variable = line.meaning else {
            Issue.record("\(line)")
            return
        }
        #expect(line.notes.joined().contains(words), "\(line.notes)")
    }

    @Test func `another shell gets the command, and a delay by chance becomes jitter`() throws {
        let task = try task("SHELL=/bin/bash\nRANDOM_DELAY=5\n@daily echo 'it''s' <(ls)")
        #expect(task.fields["command"] == .string(#"'/bin/bash' -c 'echo '\''it'\'''\''s'\'' <(ls)'"#))
        #expect(task.fields["jitter"] == 300)
        #expect(task.fields["schedule"] == "@daily")
    }

    @Test func `a percent sign ends the command and begins its input`() throws {
        let mail = try task(#"0 9 * * 1 mail -s 100\% joe%Hello%it is 5\% now%"#)
        #expect(mail.fields["command"] == .string("{ mail -s 100% joe\n} <<'INPUT'\nHello\nit is 5% now\nINPUT"))
        let marked = try task("0 9 * * 1 cat%INPUT%x")
        #expect(marked.fields["command"] == .string("{ cat\n} <<'INPUT_'\nINPUT\nx\nINPUT_"))
        let plain = try task(#"0 9 * * 1 date +\%F"#)
        #expect(plain.fields["command"] == "date +%F")
    }

    @Test func `nothing is said twice`() throws {
        let line = try #require(try crontab("5/7 */5 13 * 5-7 /x").lines.first)
        #expect(
            line.notes.count == Set(line.notes).count && line.notes.filter { $0.contains("'5/7'") }.count == 2,
            "\(line)")
    }

    @Test func `the system's form has a user, whom nobody becomes`() throws {
        let crontab = try crontab("17 * * * * root cd / && run-parts /etc/cron.hourly", form: .system)
        let line = try #require(crontab.lines.first)
        #expect(crontab.tasks.first?.fields["command"] == "cd / && run-parts /etc/cron.hourly")
        #expect(crontab.tasks.first?.name == "run-parts /etc/cron.hourly")
        #expect(line.notes.contains { $0.contains("root") && $0.contains("RUN_AS") })
    }

    @Test(arguments: [
        ("@reboot /x", "@reboot cannot be"), ("@Reboot /x", "@reboot cannot be"), ("@fortnightly /x", "@fortnightly"),
        ("61 * * * * /x", "minute"), ("0~30 * * * * /x", "jitter"), ("H * * * * /x", "Jenkins"),
        ("* * * *", "ends before the day of week"), ("* * * * *", "no command"), ("0 0 31 2 * /x", "never"),
        ("2X=1", "name of a variable"), ("QKRON_X=1", "name of a variable"), ("START_HOURS_RANGE=3-22", "anacron"),
        ("RANDOM_DELAY=often", "minutes"),
    ])
    func `a line that cannot be taken over is explained`(line: String, words: String) throws {
        let crontab = try crontab(line)
        guard case .refused(let reason)? = crontab.lines.first?.meaning else {
            Issue.record("\(crontab.lines)")
            return
        }
        #expect(reason.contains(words), "\(reason)")
        #expect(crontab.tasks.isEmpty)
    }

    @Test(arguments: [
        ("0 0 13 * 5 /x", "matches either one"), ("0 0 */2 * 1 /x", "must match both"),
        ("5/15 * * * * /x", "plain cron reads 5 alone"), ("*/7 * * * * /x", "does not divide 60"),
        ("- 0 0 * * * /x", "system's log"), ("30 2 * * * /x", "The clock skips"),
    ])
    func `what its author may not expect is said`(line: String, words: String) throws {
        let line = try #require(try crontab(line, zone: "Europe/Berlin").lines.first)
        #expect(line.notes.contains { $0.contains(words) }, "\(line)")
    }

    @Test func `names are made of commands, one for each`() throws {
        let text = """
            * * * * * /usr/bin/php /srv/artisan schedule:run
            * * * * * /usr/bin/php /srv/artisan schedule:run
            * * * * * A=1 B=2 /opt/x/tool
            * * * * * [ -x /usr/sbin/anacron ] || run-parts --report /etc/cron.daily
            * * * * * curl -fsS https://example.com/a/very/long/path/that/goes/on/and/on/for/ever >/dev/null
            """
        let names = try crontab(text).tasks.map(\.name)
        #expect(names[0] == "php /srv/artisan schedule:run" && names[1] == "php /srv/artisan schedule:run (2)")
        #expect(names[2] == "tool" && names[3] == "run-parts --report /etc/cron.daily")
        let debian = try crontab(
            "* * * * * test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n"
                + "* * * * * (cd /srv && ./poll $(date))\n* * * * * if [ -x /a ]; then /a/b c; fi\n"
                + "* * * * * echo $(id)\n"
        ).tasks.map(\.name)
        #expect(debian == ["run-parts --report /etc/cron.daily", "poll $(date))", "b c", "echo $(id)"])
        #expect(
            names[4].hasPrefix("curl -fsS https://example.com/a") && names[4].hasSuffix("…") && names[4].count == 61)
    }
}
