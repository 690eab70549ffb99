import Domain
import Foundation

@testable import Reading

/// A JSON object as the body that creates or changes a task: every field is taken within its limits, or a fault tells
/// of it, and no number of faults grows without end.
func fuzz(_ bytes: [UInt8]) {
    let bytes = swollen(bytes)
    guard case .object(let members)? = try? JSONValue.parse(bytes) else { return }
    for isNew in [true, false] {
        let draft = inLinearTime(bytes.count, "reading a task") {
            isNew ? TaskDraft(creating: members) : TaskDraft(changing: members)
        }
        check(draft)
        // A NUL that is told of at most a hundred times is kept from the database by that.
        if members.values.contains(where: holdsNUL) { require(!draft.faults.isEmpty, "a NUL is let through") }
    }
}

private func holdsNUL(_ value: JSONValue) -> Bool {
    if case .string(let text) = value { text.utf8.contains(0) } else { false }
}

private func check(_ draft: TaskDraft) {
    require(draft.faults.count <= InputFault.limit + 100, "\(draft.faults.count) faults")
    require(draft.faults.allSatisfy { !$0.message.isEmpty && !$0.type.isEmpty }, "a fault says nothing")
    func within(_ value: Sent<Int>, _ range: ClosedRange<Int>) -> Bool { value.optional.map(range.contains) ?? true }
    func length(_ text: String?, _ range: ClosedRange<Int>) -> Bool {
        text.map { range.contains($0.unicodeScalars.count) } ?? true
    }
    require(length(draft.name.optional, 1...255), "a name of no allowed length")
    require(length(draft.description.optional ?? nil, 0...1_000), "a description of no allowed length")
    require(length(draft.schedule.optional, 1...255) && length(draft.timezone.optional, 1...50), "an overlong timing")
    require(within(draft.timeout, 1...86_400) && within(draft.priority, 1...10), "a number out of range")
    require(within(draft.maxRetries, 0...10) && within(draft.retryDelay, 0...86_400), "a number out of range")
    require(within(draft.misfireGrace, 0...86_400), "a number out of range")
    let tags = draft.tags.optional ?? []
    require(tags.count <= 50 && Set(tags.map { Array($0.utf8) }).count == tags.count, "tags that stand twice")
    require(tags.allSatisfy { length($0, 1...64) }, "an overlong tag")
}
