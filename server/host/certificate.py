"""The names in a TLS certificate."""

from pathlib import Path

from cryptography import x509


def names_in(path: Path) -> list[str]:
    """Returns the host names and addresses for which the first certificate of a PEM file is valid
    (RFC 9110 §4.3.4). Returns an empty list if the certificate contains no names.
    """
    certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return [*names.get_values_for_type(x509.DNSName), *addresses]
