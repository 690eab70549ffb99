import Foundation
import Testing

@testable import Credentials

@Suite struct Base64URLTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
        ("\u{3}\u{EC}\u{FF}", "A8Osw78"), ("~~~???", "fn5-Pz8_"),
    ])
    func `bytes become text and bytes again`(plain: String, text: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text.utf8) == Array(plain.utf8))
    }

    @Test func `it agrees with Foundation on random bytes`() {
        for length in 0..<100 {
            let bytes = randomBytes(length)
            let expected = Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(Base64URL.encode(bytes) == expected)
            #expect(Base64URL.decode(expected.utf8) == bytes)
        }
    }

    @Test(arguments: ["A", "AAAAA", "Zg==", "Zm8=", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm9é", "Zm.v", "Zm\u{0}v"])
    func `text that is not base64url without padding is refused`(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }

    @Test(arguments: ["Zh", "Zv", "Zn9", "Zm-"])
    func `spare bits are refused`(text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }
}
