/**
 * @file export.h
 * @brief Marks what the shared library exports.
 */
#ifndef DBPOOL_EXPORT_H_
#define DBPOOL_EXPORT_H_

#if defined(__GNUC__)
#define DBPOOL_API __attribute__((visibility("default")))
#else
#define DBPOOL_API
#endif

#endif /* DBPOOL_EXPORT_H_ */
