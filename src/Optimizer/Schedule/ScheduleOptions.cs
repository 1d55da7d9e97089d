using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;
using Quartz;

namespace NetPulse.Optimizer.Schedule;

public enum ScheduleStore
{
    /// <summary>Each optimizer has a schedule of its own.</summary>
    Memory,

    /// <summary>One schedule for all optimizers of an installation: of those that work on a group of nodes, the leader does each run, once.</summary>
    PostgreSql,
}

public sealed class ScheduleOptions : IValidatableObject
{
    public const string Section = "schedule";

    /// <summary>When runs begin, as a Quartz cron expression with seconds; every 30 s unless set.</summary>
    [Required]
    [CronExpression]
    public string Cron { get; set; } = "0/30 * * * * ?";

    /// <summary>Where the schedule is kept: <c>Memory</c> unless set. <c>PostgreSql</c> needs <c>cluster.source: Cluster</c>.</summary>
    public ScheduleStore Store { get; set; }

    /// <summary>With <c>PostgreSql</c>: Npgsql's connection string, as <c>Host=postgres;Database=netpulse;Username=netpulse;Passfile=/etc/netpulse-schedule/pgpass</c>. Its user may create tables, or the tables are there.</summary>
    [ConnectionString]
    public string Connection { get; set; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Store == ScheduleStore.PostgreSql && Connection.Length == 0)
        {
            yield return new ValidationResult("is needed when store is PostgreSql, as Host=postgres;Database=netpulse;Username=netpulse;Passfile=/etc/netpulse-schedule/pgpass", [nameof(Connection)]);
        }
    }
}

/// <summary>A Quartz cron expression.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CronExpressionAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => value is string text && CronExpression.TryParse(text, out _);

    public override string FormatErrorMessage(string name) =>
        $"The field {name} must be a Quartz cron expression: second minute hour day-of-month month day-of-week, as \"0/30 * * * * ?\"";
}

/// <summary>A connection string whose every word Npgsql knows; its text is in no message, as it may hold a password.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ConnectionStringAttribute : ValidationAttribute
{
    public override bool IsValid(object? value)
    {
        try
        {
            return value is string text && new NpgsqlConnectionStringBuilder(text) is not null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return false;
        }
    }

    public override string FormatErrorMessage(string name) =>
        $"The field {name} must be a connection string of Npgsql: Host=…;Port=5432;Database=…;Username=…;Passfile=…";
}

[OptionsValidator]
internal sealed partial class ScheduleOptionsValidator : IValidateOptions<ScheduleOptions>;
