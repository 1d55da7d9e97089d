namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>What a change would do, without doing it.</summary>
/// <param name="Engine">With the change in force.</param>
public sealed record WhatIf(PolicyEngine Engine, Difference Difference)
{
    public static WhatIf Of(PolicyEngine now, PolicyChange change)
    {
        var then = now.With(change);
        return new WhatIf(then, change.IsOfPoliciesOnly ? new PolicyDifference(now, then).Find() : Difference.Between(now, then));
    }
}
