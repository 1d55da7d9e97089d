using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>Settings of one change: all of them hold, or none.</summary>
public sealed class SettingGroups(HeldValues held)
{
    private readonly HashSet<(string Name, string Value)> brokenByKernel = [];

    /// <summary>What the others of its change want.</summary>
    public static IReadOnlyDictionary<string, string> Together(SysctlSetting setting, IEnumerable<SysctlSetting> all) =>
        setting.Change is null ? new Dictionary<string, string>() : all
            .Where(other => other.Change == setting.Change && other.Pod == setting.Pod && other.Name != setting.Name)
            .GroupBy(other => other.Sysctl).ToDictionary(same => same.Key, same => same.First().Value, StringComparer.Ordinal);

    /// <summary>Takes the claims from settings one of whose change cannot hold.</summary>
    /// <param name="results">Of each setting by itself.</param>
    /// <param name="isOwner">Whether the place is the setting's.</param>
    public List<(SysctlSetting Setting, SettingCheck.Result Result)> Settle(List<(SysctlSetting Setting, SettingCheck.Result Result)> results, Func<Claim, bool> isOwner)
    {
        brokenByKernel.IntersectWith(results.Select(r => (r.Setting.Name, r.Setting.Value)));
        var settled = new List<(SysctlSetting Setting, SettingCheck.Result Result)>(results);
        foreach (var group in Enumerable.Range(0, results.Count).Where(i => results[i].Setting.Change is not null).GroupBy(i => results[i].Setting.Change))
        {
            foreach (var i in group)
            {
                if (brokenByKernel.Contains((results[i].Setting.Name, results[i].Setting.Value)) && results[i].Result.Claim is not null)
                {
                    settled[i] = (results[i].Setting, new SettingCheck.Result(null, new Outcome(SettingState.Refused, "it could not be written when it was tried; another value is tried again")));
                }
                else if (results[i].Result.Claim is { } claim && group.Where(other => other != i).Select(other => Obstacle(results[other], isOwner)).FirstOrDefault(found => found is not null) is { } obstacle)
                {
                    settled[i] = (results[i].Setting, obstacle.IsUnknown && held.Find(claim.Key) is null
                        ? new SettingCheck.Result(null, new Outcome(SettingState.Failed, $"it waits for the others of its change: {obstacle.Reason}"), IsUnknown: true)
                        : obstacle.IsUnknown ? results[i].Result
                        : new SettingCheck.Result(null, new Outcome(SettingState.Refused, $"all of a change holds or nothing of it: {obstacle.Reason}")));
                }
            }
        }

        return settled;
    }

    /// <summary>One of the change could not be written although it was accepted: it is not tried again as it is.</summary>
    public void Broke(SysctlSetting setting) => brokenByKernel.Add((setting.Name, setting.Value));

    /// <summary>Why the others of its change cannot hold either.</summary>
    private (string Reason, bool IsUnknown)? Obstacle((SysctlSetting Setting, SettingCheck.Result Result) member, Func<Claim, bool> isOwner)
    {
        var (setting, result) = member;
        return result.Claim is not { } claim ? ($"{setting.Sysctl}: {result.Outcome!.Message}", result.IsUnknown)
            : !isOwner(claim) ? ($"{setting.Sysctl} is already set by another change", false)
            : brokenByKernel.Contains((setting.Name, setting.Value)) ? ($"{setting.Sysctl} = {setting.Value} could not be written", false)
            : held.Find(claim.Key)?.IsOverriddenFor(claim) == true ? ($"somebody else has written {setting.Sysctl} = {claim.Current}", false)
            : null;
    }
}
