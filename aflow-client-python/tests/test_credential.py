"""A credential never shows its secret and never holds what a header cannot carry."""

import dataclasses
import unittest

from auth import Credential


class CredentialTest(unittest.TestCase):
    def test_the_secret_is_not_shown(self):
        credential = Credential(enterprise_code="COMPANY001", app_id="APP001", app_secret="your_app_secret")
        self.assertEqual(repr(credential), "Credential(enterprise_code='COMPANY001', app_id='APP001')")
        self.assertNotIn("your_app_secret", f"{credential} {credential!r} {[credential]}")

    def test_it_does_not_change(self):
        credential = Credential("COMPANY001", "APP001", "s")
        with self.assertRaises(dataclasses.FrozenInstanceError):
            credential.app_id = "APP002"

    def test_empty_and_control_characters_are_refused_without_showing_the_value(self):
        for position in range(3):
            for bad in ("", "secret\n", "secret\r", "secret\0", "secret\x7f", "secret\x85", "secret\ud800"):
                words = ["COMPANY001", "APP001", "your_app_secret"]
                words[position] = bad
                with self.subTest(position=position, bad=bad), self.assertRaises(ValueError) as refused:
                    Credential(*words)
                self.assertNotIn("secret\n", str(refused.exception))

    def test_what_is_not_text_is_refused(self):
        for bad in (None, 1, b"APP001"):
            with self.subTest(bad=bad), self.assertRaises(TypeError):
                Credential("COMPANY001", bad, "your_app_secret")
