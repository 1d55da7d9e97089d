using System.Text.RegularExpressions;

namespace NetPulse.Optimizer.Policies.Validation;

/// <summary>The API server's rules for names and labels, in its words.</summary>
internal static partial class Names
{
    private const string SubdomainRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelRule =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string QualifiedRule =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string LabelValueRule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    public static IEnumerable<string> Subdomain(string name)
    {
        if (name.Length > 253)
        {
            yield return "must be no more than 253 characters";
        }

        if (!SubdomainPattern().IsMatch(name))
        {
            yield return SubdomainRule;
        }
    }

    public static IEnumerable<string> DnsLabel(string name)
    {
        if (name.Length > 63)
        {
            yield return "must be no more than 63 characters";
        }

        if (!DnsLabelPattern().IsMatch(name))
        {
            yield return LabelRule;
        }
    }

    public static IEnumerable<string> LabelKey(string key)
    {
        var parts = key.Split('/');
        if (parts.Length > 2)
        {
            return [$"a qualified name {QualifiedRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
        }

        IEnumerable<string> prefix = parts.Length == 1 ? [] : parts[0].Length == 0 ? ["prefix part must be non-empty"] : Subdomain(parts[0]).Select(static p => $"prefix part {p}");
        return prefix.Concat(NamePart(parts[^1]));
    }

    public static IEnumerable<string> LabelValue(string value)
    {
        if (value.Length > 63)
        {
            yield return "must be no more than 63 characters";
        }

        if (value.Length > 0 && !QualifiedPattern().IsMatch(value))
        {
            yield return LabelValueRule;
        }
    }

    /// <summary>Name of a container port, as RFC 6335 names services.</summary>
    public static IEnumerable<string> PortName(string name)
    {
        if (name.Length > 15)
        {
            yield return "must be no more than 15 characters";
        }

        if (!PortNamePattern().IsMatch(name))
        {
            yield return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        }

        if (!name.Any(char.IsAsciiLetterLower))
        {
            yield return "must contain at least one letter (a-z)";
        }

        if (name.Contains("--", StringComparison.Ordinal))
        {
            yield return "must not contain consecutive hyphens";
        }

        if (name.StartsWith('-') || name.EndsWith('-'))
        {
            yield return "must not begin or end with a hyphen";
        }
    }

    private static IEnumerable<string> NamePart(string name)
    {
        if (name.Length == 0)
        {
            yield return "name part must be non-empty";
        }
        else if (name.Length > 63)
        {
            yield return "name part must be no more than 63 characters";
        }

        if (!QualifiedPattern().IsMatch(name))
        {
            yield return $"name part {QualifiedRule}";
        }
    }

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DnsLabelPattern();

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex QualifiedPattern();

    [GeneratedRegex(@"\A[-a-z0-9]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex PortNamePattern();
}
