using System.Collections.Immutable;
using NetPulse.Telemetry.Query.Evaluation;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>Functions that change labels, or make them.</summary>
internal static class LabelFunctions
{
    private const string BucketLabel = "le";

    private static readonly ImmutableArray<string> Bucket = [BucketLabel];

    public static bool IsLabelName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_');

    public static StepValues Replace(Evaluator evaluator, PromQlExpression.Call call)
    {
        var target = Target(evaluator.Text(call.Arguments[1]), call.Function.Name);
        var source = evaluator.Text(call.Arguments[3]);
        LabelReplacement replacement;
        try
        {
            replacement = new LabelReplacement(evaluator.Text(call.Arguments[4]), evaluator.Text(call.Arguments[2]));
        }
        catch (FormatException e)
        {
            throw PromQlException.Failed($"invalid regular expression in label_replace(): {e.Message}");
        }

        return Relabelled(evaluator, call, labels => replacement.Replace(labels[source]) is { } value ? labels.With(target, value) : labels);
    }

    public static StepValues Join(Evaluator evaluator, PromQlExpression.Call call)
    {
        var target = Target(evaluator.Text(call.Arguments[1]), call.Function.Name);
        var separator = evaluator.Text(call.Arguments[2]);
        var sources = call.Arguments.Skip(3).Select(argument => Target(evaluator.Text(argument), call.Function.Name)).ToArray();
        return Relabelled(evaluator, call, labels => labels.With(target, string.Join(separator, sources.Select(source => labels[source]))));
    }

    /// <summary>1 at the steps at which nothing was selected, with the labels that the selector demands to be equal.</summary>
    public static StepValues Absence(Evaluator evaluator, PromQlExpression.Call call)
    {
        var argument = call.Arguments[0];
        var absent = evaluator.Filled(1);
        foreach (var series in argument.Kind == ValueKind.InstantVector ? evaluator.Vector(argument) : evaluator.Presence(argument))
        {
            for (var i = 0; i < absent.Length; i++)
            {
                absent[i] = Absent.Is(series.Values[i]) ? absent[i] : Absent.Value;
            }
        }

        var result = new StepSeries(LabelsOf(argument), absent);
        return new StepValues.Vector(result.HasValues ? [result] : []);
    }

    public static StepValues HistogramQuantile(Evaluator evaluator, PromQlExpression.Call call)
    {
        var q = evaluator.Scalar(call.Arguments[0]);
        var groups = new Dictionary<LabelSet, List<(double UpperBound, StepSeries Series)>>();
        foreach (var series in evaluator.Vector(call.Arguments[1]))
        {
            if (PromQlNumber.TryParse(series.Labels[BucketLabel], out var bound))
            {
                var key = series.Labels.Without(Bucket);
                if (!groups.TryGetValue(key, out var members))
                {
                    members = [];
                    groups.Add(key, members);
                }

                members.Add((bound, series));
            }
        }

        return new StepValues.Vector(Evaluator.Merged(groups.Select(group => new StepSeries(group.Key.WithoutName(), Estimated(evaluator, q, group.Value)))));
    }

    private static double[] Estimated(Evaluator evaluator, double[] q, List<(double UpperBound, StepSeries Series)> members)
    {
        var result = evaluator.Filled(Absent.Value);
        var buckets = new List<(double UpperBound, double Count)>(members.Count);
        for (var step = 0; step < result.Length; step++)
        {
            buckets.Clear();
            foreach (var (bound, series) in members)
            {
                if (!Absent.Is(series.Values[step]))
                {
                    buckets.Add((bound, series.Values[step]));
                }
            }

            result[step] = buckets.Count == 0 ? Absent.Value : Quantiles.OfBuckets(q[step], buckets);
        }

        return result;
    }

    private static string Target(string name, string function) =>
        IsLabelName(name) ? name : throw PromQlException.Failed($"invalid label name in {function}(): \"{name}\"");

    private static StepValues.Vector Relabelled(Evaluator evaluator, PromQlExpression.Call call, Func<LabelSet, LabelSet> change) =>
        new(Evaluator.Merged(evaluator.Vector(call.Arguments[0]).Select(series => series.With(change(series.Labels)))));

    private static LabelSet LabelsOf(PromQlExpression argument)
    {
        var selector = argument switch
        {
            PromQlExpression.Selector vector => vector.Series,
            PromQlExpression.RangeSelector range => range.Series,
            _ => new SeriesSelector([]),
        };
        return LabelSet.From(
            from matcher in selector.Matchers
            where matcher.Name != LabelSet.MetricName
            group matcher by matcher.Name into named
            where named.Count() == 1 && named.First().Kind == MatchKind.Equal
            select new Label(named.Key, named.First().Value));
    }
}
