import EndToEndSupport
import Synchronization

/// Somebody who makes, changes, runs and deletes tasks over the API without pause, and remembers what came of it.
final class Clerk: Sendable {
    private struct Records {
        var answers = 0
        var failures: [String] = []
        var runs: [String] = []
        var kept: [String: String] = [:]
        var isOver = false
    }

    private let person: Person
    /// The task that is run by hand.
    private let byHand: String
    private let records = Mutex(Records())

    init(_ person: Person, byHand: String) {
        self.person = person
        self.byHand = byHand
    }

    /// How many requests were answered as they should be.
    var answers: Int { records.withLock(\.answers) }
    /// Every request that was not.
    var failures: [String] { records.withLock(\.failures) }
    /// The executions that were asked for.
    var runs: [String] { records.withLock(\.runs) }
    /// The tasks that were made and not deleted, with their names.
    var kept: [String: String] { records.withLock(\.kept) }

    /// Works for as long as the body runs.
    func whileWorking(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var number = 0
                while !self.records.withLock(\.isOver) {
                    number += 1
                    await self.work(number)
                }
            }
            do { try await body() } catch {
                records.withLock { $0.isOver = true }
                throw error
            }
            records.withLock { $0.isOver = true }
        }
    }

    private func work(_ number: Int) async {
        guard let id = await ask("POST", "/tasks", Person.task)?["id"].string else { return }
        let name = "\(person.username) \(number)"
        if await ask("PATCH", "/tasks/\(id)", ["name": .string(name), "priority": 7]) != nil {
            records.withLock { $0.kept[id] = name }
        }
        await ask("POST", "/tasks/\(id)/pause")
        await ask("GET", "/tasks?page_size=5")
        await ask("POST", "/tasks/\(id)/resume")
        if let run = await ask("POST", "/tasks/\(byHand)/execute")?["execution_id"].string {
            records.withLock { $0.runs.append(run) }
            await ask("GET", "/tasks/\(byHand)/executions/\(run)")
        }
        await ask("GET", "/tasks/\(byHand)/executions?page_size=5")
        guard number.isMultiple(of: 2) else { return }
        if await ask("DELETE", "/tasks/\(id)") != nil { records.withLock { $0.kept[id] = nil } }
    }

    /// The answer, if it is one of success.
    @discardableResult
    private func ask(_ method: String, _ path: String, _ body: JSON? = nil) async -> JSON? {
        let fault: String
        do {
            let response = try await person.call(method, path, body)
            if 200..<300 ~= response.status {
                records.withLock { $0.answers += 1 }
                return response.body.isEmpty ? .null : try response.json
            }
            fault = "\(response)"
        } catch {
            fault = "\(error)"
        }
        records.withLock { $0.failures.append("\(method) \(path): \(fault)") }
        return nil
    }
}
