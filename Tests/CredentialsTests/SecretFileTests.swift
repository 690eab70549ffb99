import Foundation
import Testing

@testable import Credentials

@Suite final class SecretFileTests {
    private let folder = NSTemporaryDirectory() + "/qkron-secret-\(UUID().uuidString)"

    private var file: String { folder + "/token.key" }
    private var entries: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder) } }

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // Nothing depends on it being gone.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func write(_ text: String, mode: mode_t = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: file))
        chmod(file, mode)
    }

    @Test func `a secret is made once and found again`() throws {
        let secret = try SecretFile.loadOrCreate(path: file)
        #expect(secret.count == 32)
        #expect(try SecretFile.loadOrCreate(path: file) == secret)
        #expect(try SecretFile.loadOrCreate(path: folder + "/other.key") != secret)
        #expect(try entries.sorted() == ["other.key", "token.key"])
    }

    @Test func `the file is base64 for its owner alone`() throws {
        let secret = try SecretFile.loadOrCreate(path: file, bytes: 64)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text == Data(secret).base64EncodedString() + "\n")
        var status = stat()
        #expect(stat(file, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func `starters at the same moment agree`() async throws {
        for number in 0..<20 {
            let file = folder + "/\(number).key"
            let secrets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<8 {
                    group.addTask { try SecretFile.loadOrCreate(path: file) }
                }
                return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
            }
            #expect(secrets.count == 1)
        }
        #expect(try entries.count == 20)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o666, 0o620, 0o610, 0o601] as [mode_t])
    func `a file that others may use is refused with the remedy`(mode: mode_t) throws {
        _ = try SecretFile.loadOrCreate(path: file)
        chmod(file, mode)
        let error = try #require(throws: SecretFileError.self) { try SecretFile.loadOrCreate(path: file) }
        #expect(error == .tooOpen(path: file, mode: UInt32(mode)))
        #expect(error.description.contains("chmod 600 '\(file)'"))
    }

    @Test(arguments: [
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\r\n\n",
    ])
    func `a secret written by hand is taken`(text: String) throws {
        try write(text, mode: 0o400)
        #expect(try SecretFile.loadOrCreate(path: file) == Array(0..<32))
    }

    @Test(arguments: [
        "", "\n", "short", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
        "not base64! not base64! not base64! not base64!",
        String(repeating: "A", count: 4096), String(repeating: "A", count: 100_000),
    ])
    func `a file without a sound secret is refused and left alone`(text: String) throws {
        try write(text)
        let error = try #require(throws: SecretFileError.self) { try SecretFile.loadOrCreate(path: file) }
        #expect(error == .malformed(path: file, minimumBytes: 32))
        #expect(text.isEmpty || !error.description.contains(text))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test func `a folder or a named pipe is no secret file`() throws {
        #expect(throws: SecretFileError.self) { try SecretFile.loadOrCreate(path: folder) }
        #expect(mkfifo(file, 0o600) == 0)
        #expect(throws: SecretFileError.self) { try SecretFile.loadOrCreate(path: file) }
    }

    @Test func `a missing folder is named in the error`() throws {
        let error = try #require(throws: SecretFileError.self) {
            try SecretFile.loadOrCreate(path: folder + "/absent/token.key")
        }
        #expect(error.description.contains("absent/token.key"))
        #expect(error.description.contains("No such file"))
    }
}
