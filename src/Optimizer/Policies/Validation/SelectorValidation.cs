using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Validation;

internal static class SelectorValidation
{
    public static IEnumerable<PolicyFault> Of(LabelSelector selector, string field) =>
        Labels(selector.MatchLabels, $"{field}.matchLabels").Concat(selector.MatchExpressions.SelectMany((requirement, index) => Requirement(requirement, $"{field}.matchExpressions[{index}]")));

    public static IEnumerable<PolicyFault> Labels(IReadOnlyDictionary<string, string> labels, string field) =>
        labels.SelectMany(label => Names.LabelKey(label.Key).Select(p => PolicyFault.Invalid(field, label.Key, p))
            .Concat(Names.LabelValue(label.Value).Select(p => PolicyFault.Invalid(field, label.Value, p))));

    private static IEnumerable<PolicyFault> Requirement(LabelSelectorRequirement requirement, string field)
    {
        switch (requirement.Operator)
        {
            case LabelSelectorRequirement.In or LabelSelectorRequirement.NotIn when requirement.Values.Count == 0:
                yield return PolicyFault.Required($"{field}.values", "must be specified when `operator` is 'In' or 'NotIn'");
                break;
            case LabelSelectorRequirement.Exists or LabelSelectorRequirement.DoesNotExist when requirement.Values.Count > 0:
                yield return PolicyFault.Forbidden($"{field}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                break;
            case LabelSelectorRequirement.In or LabelSelectorRequirement.NotIn or LabelSelectorRequirement.Exists or LabelSelectorRequirement.DoesNotExist:
                break;
            default:
                yield return PolicyFault.Invalid($"{field}.operator", requirement.Operator, "not a valid selector operator");
                break;
        }

        foreach (var problem in Names.LabelKey(requirement.Key))
        {
            yield return PolicyFault.Invalid($"{field}.key", requirement.Key, problem);
        }

        for (var i = 0; i < requirement.Values.Count; i++)
        {
            foreach (var problem in Names.LabelValue(requirement.Values[i]))
            {
                yield return PolicyFault.Invalid($"{field}.values[{i}]", requirement.Values[i], problem);
            }
        }
    }
}
