import Foundation
import Testing

@Suite struct RouteTests {
    /// Without one a route works, and stands in no description of the API.
    @Test func `every route is described`() throws {
        let expression = try NSRegularExpression(pattern: #"\bRoute\(\s*\.\w+,\s*"([^"]*)",\s*([.\w]?)"#)
        var count = 0
        for file in try SourceFile.all(in: "Sources/Server", extensions: ["swift"]) {
            let text = file.text.lines.joined(separator: "\n")
            for match in expression.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
                count += 1
                let path = Range(match.range(at: 1), in: text).map { text[$0] } ?? ""
                let next = Range(match.range(at: 2), in: text).map { text[$0] } ?? ""
                // The parts of the pages that show the description stand in none.
                #expect(next == "." || path == "/docs/assets/{file_name}", "\(file.path): \(path)")
            }
        }
        #expect(count > 20)
    }
}
