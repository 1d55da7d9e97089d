using System.ComponentModel;
using System.Globalization;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Hosting;

/// <summary>Lets configuration write durations as our objects do: <c>10s</c> beside <c>00:00:10</c>.</summary>
internal sealed class DurationTypeConverter : TimeSpanConverter
{
    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) =>
        value is string text && Duration.TryParse(text.Trim(), out var duration) ? duration : base.ConvertFrom(context, culture, value);

    /// <summary>From now on, in this process.</summary>
    internal static void Register() => TypeDescriptor.AddAttributes(typeof(TimeSpan), new TypeConverterAttribute(typeof(DurationTypeConverter)));
}
