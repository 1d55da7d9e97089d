using System.Globalization;

namespace NetPulse.Optimizer.Policies.Checks.Reports;

/// <summary>For people: what was found, by object; then what is not known, by what it would need.</summary>
internal static class TextReport
{
    public static async Task WriteAsync(Diagnoses diagnoses, TextWriter output)
    {
        foreach (var about in diagnoses.Findings.GroupBy(static f => (f.Finding.Object, f.Finding.File)))
        {
            await output.WriteLineAsync(about.Key.File.Length > 0 && about.Key.File != about.Key.Object ? $"{about.Key.Object}  {about.Key.File}" : about.Key.Object);
            foreach (var (check, finding) in about.OrderBy(static f => f.Check.Severity).ThenBy(static f => f.Finding.Line))
            {
                var place = finding.File.Length > 0 && finding.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"  {finding.File}:{finding.Line}") : "";
                await output.WriteLineAsync($"  {Diagnoses.Word(check.Severity)} {check.Id}: {check.Problem}{place}");
                await output.WriteLineAsync($"    seen   {(finding.Path.Length > 0 ? $"{finding.Path}: " : "")}{finding.Seen}");
                await output.WriteLineAsync($"    fix    {finding.Fix}");
                if (!finding.Patch.IsDefaultOrEmpty)
                {
                    await output.WriteLineAsync($"    patch  {PatchCommand.Of(finding)}");
                }

                await output.WriteLineAsync($"    more   {diagnoses.Link(check)}");
            }
        }

        var unknown = diagnoses.Unknown.ToList();
        if (unknown.Count > 0)
        {
            await output.WriteLineAsync("unknown, for want of");
            foreach (var alike in unknown.GroupBy(static r => string.Join("; ", r.Missing), StringComparer.Ordinal))
            {
                await output.WriteLineAsync($"  {alike.Key}: {string.Join(' ', alike.Select(static r => r.Check.Id))}");
            }
        }

        await output.WriteLineAsync(
            $"{diagnoses.Count(Severity.Error)} errors, {diagnoses.Count(Severity.Warning)} warnings, {diagnoses.Count(Severity.Info)} infos; {diagnoses.Results.Length - unknown.Count} checks made, {unknown.Count} unknown");
    }
}
