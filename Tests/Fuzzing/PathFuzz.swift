import Domain
import Foundation
import HTTPTypes

@testable import Reading

/// A method on a path, encoded in any way: it leads to the route that its decoded steps name, or nowhere.
func fuzz(_ bytes: [UInt8]) {
    let method = methods[Int(bytes.first ?? 0) % methods.count]
    let path = String(decoding: swollen(Array(bytes.dropFirst())), as: UTF8.self)
    let match = inLinearTime(path.utf8.count, "finding a route") { table.match(method, path: path) }
    guard path.utf8.count <= longestInput else { return }
    let steps = plainSteps(path)
    switch match {
    case .nothing:
        require(!templates.contains { fits(steps, $0) }, "\(path) leads nowhere")
    case .otherMethod(let allowed, let template):
        require(!allowed.contains(method) || method == .options, "\(method.rawValue) is refused and allowed")
        require(fits(steps, template), "\(path) leads to \(template)")
    case .route(let route, let template, let values):
        require(route.method == method || (method == .head && route.method == .get), "a route of another method")
        require(fits(steps, template), "\(path) leads to \(template)")
        if let text = values["task_id"], let id = Identifier<TaskDefinition>(text) {
            require(id.description == text.lowercased(), "\(text) is read as \(id)")
        }
    }
}

private let methods: [HTTPRequest.Method] = [.get, .head, .post, .options, .delete]
private let templates = [
    "/live", "/api/v1/tasks", "/api/v1/tasks/ingest", "/api/v1/tasks/{task_id}",
    "/api/v1/tasks/{task_id}/executions/{execution_id}/cancel",
]
private let table = RouteTable(
    templates.map { Route(.get, $0) } + [Route(.post, "/api/v1/tasks"), Route(.delete, "/api/v1/tasks/{task_id}")])

private func plainSteps(_ path: String) -> [String?]? {
    var steps = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard steps.count > 1, steps.removeFirst().isEmpty else { return nil }
    if steps.last == "" { steps.removeLast() }
    return steps.map { step in step.isEmpty ? nil : step.removingPercentEncoding ?? "\u{FFFF}" }
}

private func fits(_ steps: [String?]?, _ template: String) -> Bool {
    let words = template.split(separator: "/").map(String.init)
    guard let steps, steps.count == words.count else { return false }
    return zip(steps, words).allSatisfy { step, word in word.hasPrefix("{") ? step != nil : step == word }
}
