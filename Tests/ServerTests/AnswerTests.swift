import Domain
import Foundation
import Scheduling
import Testing

@testable import Server

/// What routes answer, as it is written.
@Suite struct AnswerTests {
    /// What is written, each member once.
    private func written(_ value: some JSONWritable) throws -> [TextKey: JSONValue] {
        guard case .object(let members) = try JSONValue.parse(JSONWriter.bytes(of: value), duplicateKeys: .refused)
        else {
            Issue.record("no object")
            return [:]
        }
        return members
    }

    private let task = TaskDefinition(
        id: Identifier(), ownerID: Identifier(), ownerUsername: "ann", name: "a \"name\"\n", description: nil,
        action: Action(kind: .command, parameters: ["command": "true", "env": ["B": "1", "A": "2"]]),
        timing: TaskTiming(
            kind: .cron, text: "0 0 * * *", timezone: "UTC", startsAt: Date(timeIntervalSince1970: 1), endsAt: nil,
            anchor: nil, onceAt: nil),
        misfirePolicy: .fireOnce, misfireGrace: 60, jitter: 0, overlapPolicy: .skip, timeout: 300,
        retryPolicy: RetryPolicy(maxRetries: 0, delay: 60, backoff: .fixed), priority: 5, requires: [],
        tags: ["a", "\u{1}"], metadata: ["k": [1, 2.5, nil]], dependencies: [], callbackURL: "https://example.org/x",
        isActive: true, status: .pending, retryCount: 0, nextRun: nil, lastRun: nil,
        createdAt: Date(timeIntervalSince1970: 0), updatedAt: Date())

    @Test func `a task has every member once`() throws {
        let members = try written(task)
        #expect(members.count == 45)
        #expect(members["name"] == "a \"name\"\n" && members["env"] == ["A": "2", "B": "1"])
        #expect(members["starts_at"] == "1970-01-01T00:00:01Z" && members["working_directory"] == .null)
        #expect(members["tags"] == ["a", "\u{1}"] && members["limits"] == [:] && members["secret_env"] == [])
        #expect(members["dependencies"] == [])
    }

    @Test func `a list is an envelope or an array`() throws {
        let listing = Listing(rows: [task, task], total: 7)
        let page = try written(ListAnswer(listing, .page(number: 2, size: 2)))
        #expect(page["total"] == 7 && page["page"] == 2 && page["page_size"] == 2)
        let slice = try JSONValue.parse(JSONWriter.bytes(of: ListAnswer(listing, .slice(skip: 0, limit: 2))))
        #expect(slice == page["items"])
        let none = ListAnswer(Listing<TaskDefinition>(rows: [], total: 0), .slice(skip: 0, limit: 1))
        #expect(JSONWriter.bytes(of: none) == Array("[]".utf8))
    }

    @Test func `an execution has every member once`() throws {
        let start = Date(timeIntervalSince1970: 100)
        let execution = Execution(
            id: Identifier(), taskID: task.id, taskName: "n", scheduledFor: start, trigger: .schedule,
            status: .failed, reason: nil, startedAt: start, endedAt: start.addingTimeInterval(0.25), result: nil,
            error: "e", attemptNumber: 2, earlierAttempts: [], retryOf: nil, returnCode: 1,
            stdout: OutputText(text: "out", isTruncated: false), stderr: OutputText(text: "err", isTruncated: true),
            node: nil, fencingToken: 5, createdAt: start,
            callback: Delivery(status: .sent, tries: 2, error: nil, sentAt: start))
        let members = try written(execution)
        #expect(members.count == 29)
        #expect(members["duration"] == .number(0.25) && members["retries"] == 1 && members["output"] == "out")
    }

    @Test(arguments: [
        ("/a?b=c", "/a", "b=c"), ("/a", "/a", ""), ("http://host/a?b", "/a", "b"), ("http://host", "/", ""),
        ("http://host?b", "/", "b"), ("*", "*", ""), ("/a?b#c", "/a", "b"), ("/http://x/y", "/http://x/y", ""),
    ])
    func `a target has a path and a query`(target: String, path: String, query: String) {
        let parts = RequestTarget.parts(of: target)
        #expect(parts.path == path && parts.query == query)
    }
}
