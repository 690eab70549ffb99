import Testing

/// The house laws of CONTRIBUTING.md, held against the sources of this checkout.
@Suite struct HouseTests {
    private static let house = Result { try SourceFile.all(in: "Sources", extensions: ["swift"]) }
    private static let outside = Result { try SourceFile.all(in: "Tests", extensions: ["swift"]) }
    private let sources: [SourceFile]
    private let tests: [SourceFile]

    init() throws {
        sources = try Self.house.get()
        tests = try Self.outside.get()
    }

    @Test func `the sources and the tests are found`() throws {
        #expect(tests.contains { $0.path == "Tests/ArchitectureTests/HouseTests.swift" })
        #expect(try SourceFile.all(in: "Sources", extensions: ["h"]).contains { $0.path == "Sources/CLibPQ/shim.h" })
    }

    @Test func `a room imports only what its row names`() throws {
        for file in sources where file.room != Rooms.roof {
            let allowed = try #require(Rooms.imports[file.room], "\(file.room) is no room of the house")
            let strangers = Set(Findings.imports(in: file.text)).subtracting(allowed.union(Rooms.everywhere))
            #expect(strangers.isEmpty, "\(file.path) imports \(strangers.sorted().joined(separator: ", "))")
        }
    }

    @Test func `nothing is public`() throws {
        let breaches = try places(in: sources) { try Findings.lines(matching: "\\b(public|open)\\s+[a-z@]", in: $0) }
        #expect(breaches.isEmpty, "what crosses a room is package")
    }

    @Test func `only the roof reads the environment`() throws {
        let pattern = "processInfo\\s*\\.environment\\b|\\b(secure_)?getenv\\b|\\benviron\\b"
        let rooms = sources.filter { $0.room != Rooms.roof }
        let breaches = try places(in: rooms) { try Findings.lines(matching: pattern, in: $0) }
        #expect(breaches.isEmpty)
    }

    @Test func `what may crash or outlive its caller is explained on the line above`() throws {
        let pattern = [
            "\\bfatalError\\b", "\\btry!", "\\bas!", "@unchecked\\s+Sendable", "\\bTask\\.detached\\b",
            "\\bTask\\s*(\\([^)]*\\))?\\s*\\{",
        ].joined(separator: "|")
        let breaches = try places(in: sources) { try Findings.unexplained(matching: pattern, in: $0) }
        #expect(breaches.isEmpty, "each of these needs a comment that says why")
    }

    @Test func `processes are not started through Foundation`() throws {
        let breaches = try places(in: sources + tests) {
            try Findings.lines(matching: "\\bFoundation\\.Process\\b|\\bProcess\\(\\)", in: $0)
        }
        #expect(breaches.isEmpty, "Foundation.Process hands the blocked signals of its thread on to the child")
    }

    @Test func `the user of a program is not changed between fork and exec`() throws {
        let breaches = try places(in: sources + tests) {
            try Findings.lines(matching: "\\.(userID|groupID|supplementaryGroups)\\s*=[^=]", in: $0)
        }
        #expect(breaches.isEmpty, "setgroups may wait there for ever: setpriv changes the user")
    }

    @Test func `no file is longer than 400 lines`() throws {
        let breaches = try places(in: SourceFile.all(in: "Sources", extensions: ["swift", "c", "h"])) { text in
            // The last line is what stands after the last line break.
            text.lines.count > 401 ? [text.lines.count - 1] : []
        }
        #expect(breaches.isEmpty)
    }

    @Test func `no function is longer than 40 lines`() throws {
        let breaches = try places(in: sources, Findings.longFunctions)
        #expect(breaches.isEmpty, "a part of it has a name of its own")
    }

    @Test func `no comment goes past the column where the formatter breaks code`() throws {
        let breaches = try places(in: sources + tests, Findings.wideComments)
        #expect(breaches.isEmpty, "the formatter leaves comments as they are")
    }

    @Test func `every function with a sentence for a name is a test`() throws {
        let breaches = try places(in: tests, Findings.forgottenTests)
        #expect(breaches.isEmpty, "without @Test it never runs")
    }

    /// `path:line` for every line that a check finds.
    private func places(in files: [SourceFile], _ find: (SourceText) throws -> [Int]) throws -> [String] {
        try files.flatMap { file in try find(file.text).map { "\(file.path):\($0)" } }
    }
}
