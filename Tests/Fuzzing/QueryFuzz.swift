import Domain
import Foundation
import Scheduling

@testable import Reading

/// A query, asked for every kind of value: what is taken lies within its limits, and what is not taken is told of.
func fuzz(_ bytes: [UInt8]) {
    let query = String(decoding: swollen(bytes), as: UTF8.self)
    inLinearTime(query.utf8.count, "reading a query") { check(query) }
}

private func check(_ query: String) {
    var reader = QueryReader(query)
    let before = reader.faults.count
    let window = reader.window()
    if reader.faults.isEmpty {
        require(window.offset >= 0 && window.offset < Window.reach, "a list begins at \(window.offset)")
        require((1...1_000).contains(window.limit), "a list of \(window.limit) rows")
    }
    let number = reader.integer("n", in: -5...5)
    require(number.map { (-5...5).contains($0) } ?? true, "\(number ?? 0) is out of range")
    if number == nil, before == 0, reader.text("n") != nil { require(!reader.faults.isEmpty, "a fault is not told") }
    let faults = reader.faults.count
    if reader.bool("active") == nil, reader.text("active") != nil {
        require(reader.faults.count > faults, "a fault is not told")
    }
    let choices = reader.choices("status", of: TaskStatus.self)
    require(choices.count <= reader.texts("status").count, "more choices than texts")
    if let time = reader.time("since") {
        require(ISO8601.parse(ISO8601.format(time)) == .instant(time), "a time does not come back")
    }
    if let id = reader.identifier("id", of: TaskDefinition.self) {
        require(id.description == reader.text("id")?.lowercased(), "an id is read as another")
    }
    _ = reader.choice("policy", of: OverlapPolicy.self)
    require(reader.faults.count <= InputFault.limit + 16, "\(reader.faults.count) faults")
}
