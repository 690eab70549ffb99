/// One thing that QKron promises, and what was found against it.
struct Promise: Sendable {
    let name: String
    /// How many cases were looked at.
    private(set) var cases = 0
    private(set) var violations: [String] = []

    init(_ name: String) { self.name = name }

    /// Looks at one case; `violation` says what is wrong with it, with the rows and lines that show it.
    mutating func check(_ isKept: Bool, _ violation: () -> String) {
        cases += 1
        if !isKept { violations.append(violation()) }
    }
}

/// All that is judged: what the commands wrote, what the tables hold, what the API answered.
struct Evidence: Sendable {
    let ledger: LedgerFile
    let tables: Tables
    /// The tasks as they were when the storm was over, before all were paused.
    let tasksAfterStorm: [TaskRow]
    let entries: [Entry]
    /// The sum of all steps back of the clock, in microseconds.
    let steppedBack: Int
    let clock: ClockHistory
    /// Tasks that the storm left alone.
    let quiet: Set<String>
    /// Living processes of commands.
    let processes: [String]
    /// How many faults there were.
    let faults: Int
    /// Crashes of servers, and what they left behind at their end.
    let complaints: [String]

    var tasks: [String: TaskRow] { Dictionary(uniqueKeysWithValues: tables.tasks.map { ($0.id, $0) }) }

    func judge() -> [Promise] {
        slotPromises() + runPromises() + lossPromises() + [answeredWrites(), noInternalErrors()] + endPromises()
    }

    /// The ledger's lines of an execution; of the signs of life of each process only the last.
    func lines(of execution: String) -> String {
        let lines = ledger.lines.filter { $0.execution == execution }
        let lastSigns = Dictionary(lines.map { ($0.process, $0.instant) }, uniquingKeysWith: max)
        return lines.filter { !$0.isSignOfLife || lastSigns[$0.process] == $0.instant }.map { "\n      \($0)" }.joined()
    }
}
