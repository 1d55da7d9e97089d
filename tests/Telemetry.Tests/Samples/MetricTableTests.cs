using System.Collections.Immutable;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Telemetry.Tests.Samples;

public sealed class MetricTableTests
{
    [Fact]
    public void It_has_every_metric_that_is_defined_once()
    {
        var defined = typeof(MetricTable).Assembly.GetTypes()
            .Where(static type => type != typeof(MetricTable) && type.Namespace == typeof(MetricTable).Namespace)
            .Select(static type => type.GetField("All")?.GetValue(null)).OfType<ImmutableArray<MetricDefinition>>()
            .SelectMany(static all => all).Select(static one => one.Name);
        Assert.Equal(defined.Order(StringComparer.Ordinal), MetricTable.All.Select(static one => one.Name).Order(StringComparer.Ordinal));
        Assert.Equal(MetricTable.All.Length, MetricTable.All.Select(static one => one.Name).Distinct(StringComparer.Ordinal).Count());
    }
}
