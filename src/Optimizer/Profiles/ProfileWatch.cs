using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Profiles;

public sealed class ProfileOptions : IValidatableObject
{
    /// <summary>A static profile that is checked at each run: sysctl.conf, or a ConfigMap; none unless set.</summary>
    [StringLength(4096)]
    public string File { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (File.Length > 0 && !System.IO.File.Exists(File))
        {
            yield return new ValidationResult($"there is no file {File}; give the path of a sysctl.conf or ConfigMap, or leave it empty", [nameof(File)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class ProfileOptionsValidator : IValidateOptions<ProfileOptions>;

/// <summary>A profile judged against one node.</summary>
/// <param name="Node">Which.</param>
/// <param name="Lines">In the file's order.</param>
public sealed record NodeProfile(string Node, ImmutableArray<ProfileJudgement> Lines);

/// <summary>Judges a profile against what every node and pod reported in the last minute, and against what is wrong there now.</summary>
public sealed class ProfileWatch(ISampleStore store, IOptions<ProfileOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>The settings' own profile; none where none is set.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    /// <exception cref="IOException">The file could not be read: the run ends, and the next one tries again.</exception>
    public async Task<ImmutableArray<NodeProfile>> JudgeAsync(ImmutableArray<Finding> findings, ImmutableArray<SysctlProposal> proposals, CancellationToken cancellationToken) =>
        options.Value.File.Length == 0 ? [] : await JudgeAsync(await File.ReadAllTextAsync(options.Value.File, cancellationToken), findings, proposals, cancellationToken);

    /// <param name="text">As <see cref="ProfileFile"/> reads it.</param>
    /// <param name="findings">What is wrong.</param>
    /// <param name="proposals">What would heal it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<NodeProfile>> JudgeAsync(
        string text, ImmutableArray<Finding> findings, ImmutableArray<SysctlProposal> proposals, CancellationToken cancellationToken)
    {
        var range = TimeRange.Before(time.GetUtcNow(), Window);
        var series = new List<TimeSeries>();
        foreach (var metric in new[] { NamespaceMetrics.Sysctl, NamespaceMetrics.SysctlInfo })
        {
            series.AddRange(await store.ReadAsync(SeriesSelector.Of(metric.Name), range, cancellationToken));
        }

        var (lines, _) = ProfileFile.Read(text);
        return
        [
            .. from each in series
               let subject = Subject.OfNamespace(each.Labels)
               where subject is not null
               group (Subject: subject, Series: each) by subject.Node into onNode
               orderby onNode.Key
               let bySubject = onNode.GroupBy(each => each.Subject, each => each.Series).ToList()
               select new NodeProfile(onNode.Key, ProfileCheck.Judge(lines, new ProfileEvidence(
                   new Readings(bySubject.Where(subject => subject.Key is Subject.OfNode).SelectMany(subject => subject)),
                   bySubject.Where(subject => subject.Key is Subject.OfPod).ToImmutableDictionary(subject => subject.Key.ToString(), subject => new Readings(subject)),
                   [.. findings.Where(finding => finding.Subject.Node == onNode.Key)],
                   [.. proposals.Where(proposal => proposal.Node == onNode.Key)]))),
        ];
    }
}

internal static class ProfileRegistration
{
    public static IServiceCollection AddProfiles(this IServiceCollection services) => services
        .AddSettings<ProfileOptions, ProfileOptionsValidator>("profile")
        .AddSingleton<ProfileWatch>();
}
