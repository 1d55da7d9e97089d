using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

public sealed class ScheduleOptions
{
    /// <summary>When runs begin, as a Quartz cron expression with seconds; every 30 s unless set.</summary>
    [Required]
    [CronExpression]
    public string Cron { get; set; } = "0/30 * * * * ?";
}

/// <summary>A Quartz cron expression.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CronExpressionAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is string text && CronExpression.TryParse(text, out _);

    public override string FormatErrorMessage(string name) =>
        $"The field {name} must be a Quartz cron expression: second minute hour day-of-month month day-of-week, as \"0/30 * * * * ?\"";
}

[OptionsValidator]
internal sealed partial class ScheduleOptionsValidator : IValidateOptions<ScheduleOptions>;
