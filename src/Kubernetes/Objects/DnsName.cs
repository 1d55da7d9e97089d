using System.Text.RegularExpressions;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Names as Kubernetes allows them (RFC 1123).</summary>
public static partial class DnsName
{
    private const int LongestSubdomain = 253;

    /// <summary>As an object's name: lower-case letters, digits, dashes and dots, at most 253.</summary>
    public static bool IsSubdomain(string text) => text.Length is > 0 and <= LongestSubdomain && Subdomain().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Subdomain();
}
