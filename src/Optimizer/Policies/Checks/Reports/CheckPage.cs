using System.Text;

namespace NetPulse.Optimizer.Policies.Checks.Reports;

/// <summary>docs/checks.md: every check, its severity, what it looks at, and the fix.</summary>
public static class CheckPage
{
    private static readonly (string Prefix, string Title)[] Sections =
    [
        ("NP", "NetworkPolicy"),
        ("AN", "Admin policies"),
        ("CN", "CNI configuration"),
        ("DN", "CoreDNS"),
        ("CA", "Calico"),
        ("CI", "Cilium"),
        ("IS", "Istio"),
        ("SY", "Nodes"),
    ];

    public static string Write()
    {
        var page = new StringBuilder("""
            # Checks

            What `netpulse-optimizer policies check` looks for. An *error* breaks traffic or security, or is rejected; a *warning* is risky or misleading;
            *info* is hygiene. A check that cannot see what it needs says *unknown*, never that all is well.

            """);
        foreach (var (prefix, title) in Sections)
        {
            page.Append('\n').Append("## ").Append(title).Append('\n');
            foreach (var check in CheckCatalogue.All.Where(c => c.Id.StartsWith(prefix, StringComparison.Ordinal)))
            {
                page.Append('\n').Append("### <a id=\"").Append(check.Id).Append("\"></a>").Append(check.Id).Append(": ").Append(check.Problem).Append("\n\n");
                page.Append("Severity: ").Append(Diagnoses.Word(check.Severity)).Append(". ");
                page.Append("Needs: ").AppendJoin("; ", EvidenceWords.Of(check.Needs).Concat(check.Kinds.IsEmpty ? [] : [string.Join(" or ", check.Kinds)])).Append(".\n\n");
                page.Append("Fix: ").Append(check.Fix).Append('\n');
            }
        }

        return page.ToString();
    }
}
